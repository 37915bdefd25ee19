"""Camelid's front door: the command line, and what is said before a verb. No verb: serve."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from backend.errors import CamelidError
from backend.settings import read_settings
from ui.terminal import (
    accounts,
    answers,
    backups,
    doctor,
    exports,
    figures,
    find_version,
    imports,
    judge,
    models,
    pairs,
    ranks,
    reward,
    serve,
    studies,
    train,
    training,
    translate,
)
from ui.terminal.words import AgainstCommand


class Program(TyperGroup):
    """All verbs; an error that explains itself is shown as its sentence, and ends with code 1."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own types changed between versions
        """Carry out what was asked."""
        try:
            return super().invoke(ctx)
        except CamelidError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error


program = typer.Typer(
    cls=Program,
    name="camelid",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"camelid {find_version()}")
        raise typer.Exit


@program.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Data folder; ./data unless set otherwise.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings file, a NAME=value a line.")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Collect blind votes on model answers, and draw figures from them. No verb: serve."""
    ctx.obj = partial(read_settings, config, data=data)
    if ctx.invoked_subcommand is None:
        serve.serve(ctx)


program.command("serve")(serve.serve)
program.command("import")(imports.import_files)
program.add_typer(studies.verbs, name="study")
program.add_typer(models.verbs, name="models")
answers.verbs.command("rank")(ranks.rank)
program.add_typer(answers.verbs, name="answers")
program.command("translate", cls=translate.AnswersCommand)(translate.translate)
program.add_typer(judge.verbs, name="judge")
program.add_typer(reward.verbs, name="reward")
program.command("train")(train.train)
program.add_typer(training.verbs, name="training")
program.command("export", cls=pairs.ExportCommand)(exports.export)
program.command("figures", cls=AgainstCommand)(figures.draw)
program.add_typer(accounts.verbs, name="account")
program.command("backup")(backups.back_up)
program.command("restore")(backups.restore)
program.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line."""
    program()


if __name__ == "__main__":
    main()
