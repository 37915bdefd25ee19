"""`study`: create, list, show, open, pause and close studies, and make links for annotators."""

from shlex import quote
from typing import Annotated, cast

import typer

from annotations.annotators import make_code
from annotations.backups import make_backup
from annotations.library import list_systems
from annotations.store import Store
from annotations.studies import (
    Enrolment,
    Plan,
    Progress,
    count_progress,
    create_study,
    find_study,
    list_studies,
    set_status,
)
from backend.errors import LedgerError
from backend.records import Status, Study
from ui.keys import Invitation, Signer, read_key
from ui.terminal import (
    ACTOR,
    find_address,
    find_settings,
    open_reader,
    open_writer,
    show_table,
    tell_next,
)
from ui.terminal.standing import show_study, suggest
from ui.terminal.words import ListCommand, split_systems
from ui.wording import hash_wording

verbs = typer.Typer(help="Studies, and links for their annotators.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The study's name.")]


@verbs.command(cls=ListCommand)
def create(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    name: Name,
    *,
    benchmark: Annotated[str, typer.Option(help="What was answered.")],
    systems: Annotated[
        list[str], typer.Option(metavar="X Y...", help="Whose answers are compared.")
    ],
    against: Annotated[
        str | None, typer.Option(metavar="X", help="Compare all with this one only.")
    ] = None,
    votes_per_pair: Annotated[int, typer.Option(help="How many people judge each pair.")] = 3,
    quota: Annotated[int, typer.Option(help="How many pairs one person judges.")] = 21,
    seed: Annotated[str, typer.Option(help="Decides which answer is on which side.")] = "0",
    title: Annotated[str, typer.Option(help="What annotators see; say no names of models.")] = "",
    enrol: Annotated[
        str, typer.Option(metavar="name|invitation", help="How people get in.")
    ] = "name",
) -> None:
    """Freeze a study: all pairs of these systems (or all against one) on every item."""
    lease_s = find_settings(ctx).lease_minutes * 60
    with open_writer(ctx) as store:
        plan = Plan(
            name, benchmark, split_systems(systems, list_known(store, benchmark)), against,
            votes_per_pair, quota, seed, title, cast(Enrolment, enrol), lease_s,
        )  # fmt: skip
        study = create_study(store, plan, hash_wording(), ACTOR)
        show_study(store, study)


def list_known(store: Store, benchmark: str) -> list[str]:
    """Return the systems that answered a benchmark, so that its absence is found too."""
    return [system.name for system in list_systems(store, benchmark)]


@verbs.command("list")
def list_all(ctx: typer.Context) -> None:
    """List all studies."""
    with open_reader(ctx) as store:
        rows = [list_cells(study, count_progress(store, study.study_id))
                for study in list_studies(store)]  # fmt: skip
    if rows:
        show_table(("NAME", "STATUS", "BENCHMARK", "SAVED", "WANTED", "ANNOTATORS"), rows)
    else:
        typer.echo("There is no study yet. Create one with `study create`.")


def list_cells(study: Study, progress: Progress) -> tuple[object, ...]:
    """Return one row of the list."""
    return (
        study.name, study.status, study.benchmark, progress.n_saved, progress.n_wanted,
        progress.n_annotators,
    )  # fmt: skip


@verbs.command()
def show(ctx: typer.Context, name: Name) -> None:
    """Show how far a study is, what it compares, and what proves it."""
    with open_reader(ctx) as store:
        show_study(store, find_study(store, name))


@verbs.command("open")
def open_study(ctx: typer.Context, name: Name) -> None:
    """Let people vote."""
    change_status(ctx, name, "open")


@verbs.command()
def pause(ctx: typer.Context, name: Name) -> None:
    """Take no new votes for a while; what is open on a screen can still be saved."""
    change_status(ctx, name, "paused")


@verbs.command()
def close(ctx: typer.Context, name: Name) -> None:
    """End a study; work that still comes is kept as surplus."""
    change_status(ctx, name, "closed")
    with open_reader(ctx) as store:
        try:
            typer.echo(f"Backup: {make_backup(store, reason='closed')}", err=True)
        except LedgerError as error:  # closed it is
            typer.echo(str(error), err=True)


def change_status(ctx: typer.Context, name: str, status: Status) -> None:
    """Change a study's status and say what it is now."""
    with open_writer(ctx) as store:
        study = set_status(store, name, status, ACTOR)
        typer.echo(f"The study {study.name} is {study.status}.")
        tell_next(*suggest(study, count_progress(store, study.study_id)))


@verbs.command()
def link(
    ctx: typer.Context,
    name: Name,
    count: Annotated[int, typer.Option(min=0, max=10_000, help="How many people.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long a link works.")] = 90,
) -> None:
    """Print personal links, one a line; each is one person's place in the study."""
    settings = find_settings(ctx)
    with open_reader(ctx) as store:
        study = find_study(store, name)
        signer = Signer(read_key(store.folder))
        expires_at = int(store.clock()) + days * 24 * 3600
    address = find_address(settings)
    for _ in range(count):
        text = signer.sign_invitation(Invitation(study.slug, make_code(), expires_at))
        typer.echo(f"{address}/invite/{text}")
    if study.enrolment == "name":
        typer.echo(f"Anybody can join here: {address}/join/{study.slug}", err=True)
    if study.status != "open":
        tell_next(f"study open {quote(study.name)} (it is {study.status}; links work when it is)")
    if not settings.public_url:
        typer.echo("Reached under another address? Set CAMELID_PUBLIC_URL.", err=True)
