"""The terminal: one file for each group of verbs. Here is what they share.

Verbs that only read work while the app runs; verbs that write take the folder's lock first, so
that they fail at once, with the name of whoever holds it.
"""

import ipaddress
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

import typer

from annotations.space import Space
from annotations.store import Store
from backend.settings import Settings

ACTOR = "cli"


def find_version() -> str:
    """Return this program's version; a checkout that was never installed has none."""
    try:
        return version("camelid")
    except PackageNotFoundError:
        return "(not installed)"


def find_settings(ctx: typer.Context, **given: object) -> Settings:
    """Return the settings, with what this verb was told on top."""
    read: Callable[..., Settings] = ctx.find_root().obj
    return read(**given)


def open_reader(ctx: typer.Context) -> Store:
    """Open the ledger to read."""
    settings = find_settings(ctx)
    return Store(settings.data, space=find_space(settings))


def open_writer(ctx: typer.Context) -> Store:
    """Open the ledger to write; whoever comes meanwhile is told which verb is at work."""
    settings = find_settings(ctx)
    return Store(settings.data, purpose=f"camelid {show_verb(ctx)}", space=find_space(settings))


def find_space(settings: Settings) -> Space:
    """Return how much of the disk has to stay free."""
    return Space(settings.low_disk_megabytes, settings.stop_disk_megabytes)


def show_verb(ctx: typer.Context) -> str:
    """Return the verb as it was typed, without the program's own name."""
    return " ".join(ctx.command_path.split()[1:])


def find_address(settings: Settings) -> str:
    """Return the address that people type, without a slash at its end."""
    if settings.public_url:
        return settings.public_url
    try:
        address = ipaddress.ip_address(settings.host)
    except ValueError:
        return f"http://{settings.host}:{settings.port}"
    if address.is_unspecified:  # all addresses of this machine: one of them is this
        return f"http://localhost:{settings.port}"
    host = f"[{address}]" if address.version == 6 else str(address)
    return f"http://{host}:{settings.port}"


def show_fields(fields: Sequence[tuple[str, object]]) -> None:
    """Print names and values, the values in one column."""
    width = max(len(name) for name, _ in fields)
    for name, value in fields:
        typer.echo(f"{name:<{width}}  {value}")


def show_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a header, each column as wide as it needs."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


def tell_next(*steps: str) -> None:
    """Print what comes next, apart from the output proper."""
    typer.echo("\nNext: " + "\n      ".join(steps), err=True)
