"""`doctor`: is this machine ready, and is the data folder well?"""

import time

import typer

from annotations.doctor import examine
from backend.machine import Check, State
from ui.terminal import find_settings

MARKS: dict[State, str] = {"ok": "ok", "warning": "WARNING", "problem": "PROBLEM"}


def doctor(ctx: typer.Context) -> None:
    """Look whether all is well, and say what to do if not; code 1 if there is a problem."""
    checks = examine(find_settings(ctx), time.time())
    width = max(len(check.name) for check in checks)
    for check in checks:
        typer.echo(f"{MARKS[check.state]:<8} {check.name:<{width}}  {check.found}")
        if check.remedy:
            typer.echo(f"{'':<8} {'':<{width}}  -> {check.remedy}")
    typer.echo(summarise(checks))
    if any(check.state == "problem" for check in checks):
        raise typer.Exit(1)


def summarise(checks: list[Check]) -> str:
    """Return how it went, in a sentence."""
    n = {state: sum(check.state == state for check in checks) for state in MARKS}
    if not n["problem"] and not n["warning"]:
        return "All is well."
    return f"{count(n['problem'], 'problem')}, {count(n['warning'], 'warning')}."


def count(n: int, noun: str) -> str:
    """Return a number and its noun."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
