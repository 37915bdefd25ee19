"""`models`: which models there are, and how one comes or goes; all of it while the app runs."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from backend.errors import InputError, NotFound
from backend.keyring import Keyring
from backend.registry import (
    Known,
    Readiness,
    add_card,
    check_card,
    find_card,
    list_cards,
    remove_card,
)
from backend.registry.cards import CARD, Card, LocalCard
from backend.registry.converting import convert_weights
from backend.registry.fetching import HuggingFace, fetch_weights
from backend.registry.readiness import locate_weights
from backend.registry.shelf import explain, find_known, read_bytes
from ui.terminal import find_settings, show_fields, show_table, tell_next

verbs = typer.Typer(help="Models to talk to.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME")]
PLACES = {"path": "local", "base_url": "openai", "system": "recorded"}
WHERE = "Say where it is: --path DIR, --base-url URL, --recorded SYSTEM, or --file CARD."


@verbs.command("list")
def list_all(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for programs.")] = False,
) -> None:
    """List all models with what they lack; of a single one, say what to do about it."""
    data = find_settings(ctx).data
    shelf = sorted(list_cards(data), key=lambda known: known.name) if name is None else []
    seen = [look_at(known, data) for known in shelf or [find_known(data, name or "")]]
    if as_json:
        typer.echo(json.dumps([tell(*one) for one in seen], indent=2, ensure_ascii=False))
    elif name is None:
        rows = [(known.name, show_kind(known), known.origin, show(look)) for known, look in seen]
        show_table(("NAME", "KIND", "ORIGIN", "STATE"), rows)
    else:
        show_fields(list_fields(*seen[0]))


@verbs.command()
def add(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
    *,
    path: Annotated[Path | None, typer.Option(metavar="DIR", help="A folder of weights.")] = None,
    template: Annotated[str | None, typer.Option(help="Chat template; '' is its own.")] = None,
    dtype: Annotated[str | None, typer.Option(metavar="auto|bfloat16|float16|float32")] = None,
    device: Annotated[str | None, typer.Option(metavar="auto|cpu|cuda|cuda:N")] = None,
    quantisation: Annotated[str | None, typer.Option(metavar="none|8bit|4bit")] = None,
    context: Annotated[int | None, typer.Option(help="Tokens; 0 is the model's own.")] = None,
    role: Annotated[str | None, typer.Option(metavar="chat|reward")] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="A server with OpenAI's protocol.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="What that server calls it.")] = None,
    key_env: Annotated[
        str | None, typer.Option(metavar="VARIABLE", help="Where its key is; never the key.")
    ] = None,
    price_input: Annotated[
        float | None, typer.Option(metavar="USD", help="A million tokens of prompt.")
    ] = None,
    price_output: Annotated[
        float | None, typer.Option(metavar="USD", help="A million tokens of answer.")
    ] = None,
    daily_cap: Annotated[
        float | None, typer.Option(metavar="USD", help="The most that a UTC day may cost.")
    ] = None,
    recorded: Annotated[
        str | None, typer.Option(metavar="SYSTEM", help="A system with answers in the ledger.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="The name that people read.")] = None,
    file: Annotated[Path | None, typer.Option(metavar="CARD", help="A card as JSON.")] = None,
) -> None:
    """Add a model, or change what is said of one that is there already."""
    data = find_settings(ctx).data
    told = {
        "path": None if path is None else place_folder(data, path),
        "template": template,
        "dtype": dtype,
        "device": device,
        "quantisation": quantisation,
        "context": context,
        "role": role,
        "base_url": base_url,
        "model": model,
        "key_env": key_env,
        "price_input_usd": price_input,
        "price_output_usd": price_output,
        "daily_cap_usd": daily_cap,
        "system": recorded,
        "title": title,
    }
    said = {field: value for field, value in told.items() if value is not None}
    card = make_card(data, name, said) if file is None else read_card(file, name, said)
    typer.echo(f"{card.name} is in {add_card(data, card)}.")
    show_state(card, data)


@verbs.command()
def remove(ctx: typer.Context, name: Name) -> None:
    """Take a model off the list; its weights stay."""
    data = find_settings(ctx).data
    card = remove_card(data, name).card
    left = [known.origin for known in list_cards(data) if known.name == name]
    typer.echo(f"{name} is as it was built in." if left else f"{name} is no longer listed.")
    if isinstance(card, LocalCard) and locate_weights(card, data).is_dir():
        typer.echo(f"Its weights stay in {locate_weights(card, data)}.")


@verbs.command()
def fetch(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|REPO", help="A card, or owner/name.")],
    revision: Annotated[
        str, typer.Option(metavar="SHA", help="A commit, tag or branch; the commit is pinned.")
    ] = "",
) -> None:
    """Fetch a model's weights from the Hugging Face Hub into the data folder."""
    data = find_settings(ctx).data
    got = fetch_weights(data, name, HuggingFace(os.environ), revision=revision)
    typer.echo(f"{got.folder}: {got.n_bytes / 1e9:,.2f} GB at commit {got.card.revision}.")
    show_state(got.card, data)
    if got.needs_converting:
        tell_next(f"python app.py models convert {got.card.name}")


@verbs.command()
def convert(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME|DIR")]) -> None:
    """Turn .bin weights into safetensors, in a process that can do nothing else."""
    data = find_settings(ctx).data
    environment = Keyring(dict(os.environ)).child_environment()
    done = convert_weights(data, name, environment=environment)
    typer.echo(f"{done.folder}: {done.n_bytes / 1e9:,.2f} GB. {done.source} is as it was.")
    if done.card:
        show_state(done.card, data)
    else:
        tell_next(f"python app.py models add NAME --path {done.folder} --template alpaca")


def make_card(data: Path, name: str | None, said: Mapping[str, object]) -> Card:
    """Return a card with what was said; what wasn't stays as it is in the card of that name.

    Errors: InputError that names every field that is wrong.
    """
    if name is None:
        raise InputError("Name the model: `models add NAME …`.")
    kinds = {kind for field, kind in PLACES.items() if field in said}
    if len(kinds) > 1:
        raise InputError(f"One place is enough. {WHERE}")
    try:
        old = find_card(data, name)
    except NotFound:
        old = None
    kind = kinds.pop() if kinds else old.kind if old else None
    if kind is None:
        raise InputError(f"There is no model {name!r} yet. {WHERE}")
    before = old.model_dump() if old and old.kind == kind else {}
    return check_fields({**before, "name": name, "kind": kind, **said})


def read_card(file: Path, name: str | None, said: Mapping[str, object]) -> Card:
    """Return the card of a file, under another name if there is one, with what was said on top.

    Errors: InputError when the file is no card.
    """
    try:
        told = json.loads(read_bytes(file))
    except (InputError, ValueError, RecursionError) as error:
        raise InputError(f"{file} can't be read as a card: {error}") from error
    if not isinstance(told, dict):
        raise InputError(f"{file} is no card: a JSON object is needed.")
    return check_fields({**told, **({"name": name} if name else {}), **said})


def check_fields(told: Mapping[str, object]) -> Card:
    """Return what was told as a card.

    Errors: InputError that names every field that is wrong.
    """
    try:
        return CARD.validate_python(told)
    except ValidationError as error:
        raise InputError(f"This is no card: {explain(error)}") from error


def place_folder(data: Path, folder: Path) -> str:
    """Return a folder as a card says it: from the data folder on if it is in there, else whole.

    Errors: InputError when it isn't there.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    whole, home = Path(os.path.normpath(folder.absolute())), Path(os.path.normpath(data.absolute()))
    return str(whole.relative_to(home) if whole.is_relative_to(home) else whole)


def look_at(known: Known, data: Path) -> tuple[Known, Readiness]:
    """Return a model, and whether it can be asked; a broken card can't."""
    if known.card is None:
        return known, Readiness(False, known.fault, "Mend the file, or remove it.")
    return known, check_card(known.card, data, has_key=Keyring(dict(os.environ)).has)


def show(look: Readiness) -> str:
    """Return the state of a model, for a table."""
    return "ready" if look.ready else look.why


def show_kind(known: Known) -> str:
    """Return what kind of model it is, as far as its card can be read."""
    return known.card.kind if known.card else "-"


def list_fields(known: Known, look: Readiness) -> list[tuple[str, object]]:
    """Return what a person may want to know of one model."""
    told = known.card.model_dump(exclude_defaults=True) if known.card else {"name": known.name}
    kind = {"kind": show_kind(known), "origin": known.origin}
    state = {"state": show(look)} | ({} if look.ready else {"to do": look.todo})
    return list((told | kind | state).items())


def show_state(card: Card, data: Path) -> None:
    """Print whether a card can be asked now."""
    look = check_card(card, data, has_key=Keyring(dict(os.environ)).has)
    typer.echo("It can be asked." if look.ready else f"{look.why} {look.todo}")


def tell(known: Known, look: Readiness) -> dict[str, object]:
    """Return all that is known of a model, for programs."""
    return {
        "name": known.name,
        "origin": known.origin,
        "ready": look.ready,
        "why": look.why,
        "todo": look.todo,
        "card": known.card.model_dump(mode="json") if known.card else None,
        "facts": dict(known.facts),
    }
