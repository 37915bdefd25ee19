"""`export pairs`: what people and judges preferred, as pairs that the next model is trained on."""

from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from annotations.pairing import PairSet, PairWish, make_pairs, write_rows
from annotations.pairing.telling import tell_pairs
from annotations.pairing.wishes import CHATS, COMBINES, DISAGREEMENTS, TIES
from backend.records import CRITERIA
from ui.pairing import warn_of_benchmarks
from ui.terminal import open_reader, show_fields, tell_next
from ui.terminal.exports import tell_written, write_whole

PAIRS = "pairs"

verbs = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@verbs.command(PAIRS)
def export_pairs(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    *,
    study: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Votes of a study; can be repeated.")
    ] = None,
    judge: Annotated[
        list[str] | None, typer.Option(metavar="M", help="Verdicts of a judge; can be repeated.")
    ] = None,
    benchmark: Annotated[
        list[str] | None, typer.Option(metavar="B", help="What the judges judged; else all.")
    ] = None,
    chats: Annotated[
        str, typer.Option(metavar="|".join(CHATS), help="Votes on conversations.")
    ] = "none",
    criterion: Annotated[
        list[str] | None,
        typer.Option(metavar="|".join(CRITERIA), help="Helpful; can be repeated."),
    ] = None,
    combine: Annotated[
        str, typer.Option(metavar="|".join(COMBINES), help="What several criteria have to say.")
    ] = "all",
    weight: Annotated[
        list[float] | None, typer.Option(metavar="W", help="One for each criterion, in order.")
    ] = None,
    ties: Annotated[
        str, typer.Option(metavar="|".join(TIES), help="Skipped, or against whoever leads.")
    ] = "skip",
    disagreement: Annotated[
        str,
        typer.Option(
            metavar="|".join(DISAGREEMENTS),
            help="Share: the majority, its lead as a margin that no recipe here uses.",
        ),
    ] = "majority",
    min_votes: Annotated[int, typer.Option(metavar="N", help="Fewest votes on a pair.")] = 1,
    outside: Annotated[
        bool, typer.Option("--outside/--no-outside", help="Votes that were collected elsewhere.")
    ] = True,
    without: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Whose votes don't count.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; else to the terminal.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what the pairs would be.")
    ] = False,
) -> None:
    """Write the answers that were preferred, each with the one that was not, as JSON lines."""
    told: dict[str, Any] = {
        "chats": chats, "combine": combine, "ties": ties, "disagreement": disagreement,
    }  # fmt: skip
    wish = PairWish(
        tuple(study or ()), tuple(judge or ()), tuple(benchmark or ()), weights=tuple(weight or ()),
        criteria=tuple(criterion or CRITERIA[:1]), min_votes=min_votes, outside=outside,
        excluded=tuple(without or ()), **told,
    )  # fmt: skip
    with open_reader(ctx) as store:
        found = make_pairs(store, wish)
    report(found, shown=dry_run)
    if not dry_run:
        write_all(found, out)


def report(found: PairSet, *, shown: bool) -> None:
    """Say what the pairs are; beside the output itself unless nothing else is wanted."""
    rows = tell_pairs(found)
    if shown:
        show_fields(rows)
    else:
        typer.echo("\n".join(f"{label}: {words}" for label, words in rows), err=True)
    warning = warn_of_benchmarks(found)
    if warning:
        typer.echo(warning, err=True)


def write_all(found: PairSet, out: Path | None) -> None:
    """Write the pairs to a file, or to the terminal."""
    text = StringIO()
    write_rows(found.pairs, text)
    body = text.getvalue().encode()
    if out is None:
        typer.get_binary_stream("stdout").write(body)
        return
    write_whole(out, lambda file: file.writelines([body]))
    tell_written(out)
    if found.pairs:
        tell_next(f"train tiny-reward --data {out}", f"train tiny-dpo --data {out}")


class ExportCommand(TyperCommand):
    """`export`, of which `export pairs` is told apart: it has options of its own."""

    @property
    def commands(self) -> dict[str, Any]:
        """Return both commands by the word that tells them apart."""
        return {"": self, PAIRS: typer.main.get_command(verbs)}

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401
        **extra: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401 - see app.Program
        """Return the context of whichever of the two is meant."""
        if args[:1] == [PAIRS]:
            command = self.commands[PAIRS]
            return command.make_context(f"{info_name} {PAIRS}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)
