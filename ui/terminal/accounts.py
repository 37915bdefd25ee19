"""`account`: who may see results, and who may change things."""

from typing import Annotated, cast

import typer

from annotations.accounts import Account, Role, add_account, list_accounts, remove_account
from ui.terminal import ACTOR, open_reader, open_writer, show_table

verbs = typer.Typer(help="Accounts of researchers and admins.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME")]


@verbs.command()
def add(
    ctx: typer.Context,
    name: Name,
    role: Annotated[
        str, typer.Option(metavar="researcher|admin", help="An admin may change things.")
    ] = "researcher",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password's one line from stdin.")
    ] = False,
) -> None:
    """Add an account, or give it a new password and role."""
    with open_writer(ctx) as store:
        if password_stdin:
            password = typer.get_text_stream("stdin", encoding="utf-8").readline().rstrip("\r\n")
        else:
            password = typer.prompt(
                "Password (12 characters or more)", hide_input=True, confirmation_prompt=True
            )
        add_account(store, Account(name, cast(Role, role)), password, ACTOR)
    typer.echo(f"{name} can log in as {role}.")


@verbs.command("list")
def list_all(ctx: typer.Context) -> None:
    """List all accounts."""
    with open_reader(ctx) as store:
        accounts = list_accounts(store)
    if accounts:
        show_table(("NAME", "ROLE"), [(account.name, account.role) for account in accounts])
    else:
        typer.echo("There are no accounts yet. Add one with `account add NAME --role admin`.")


@verbs.command()
def remove(ctx: typer.Context, name: Name) -> None:
    """Remove an account; its sessions end at once."""
    with open_writer(ctx) as store:
        remove_account(store, name, ACTOR)
    typer.echo(f"{name} can't log in any more.")
