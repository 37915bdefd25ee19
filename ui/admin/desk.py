"""What every tab of the admin's site stands on: who asks, and how an act is answered."""

from collections.abc import Callable
from html import escape

import gradio as gr

from annotations.accounts import Account
from backend.errors import CamelidError, InputError, Refused
from ui.context import Context
from ui.pieces import require, show_done, show_problem


def check_admin(context: Context, request: gr.Request) -> Account:
    """Return the admin behind an event; every handler asks, whatever the gate has let through.

    Errors: a toast with the reason. Toasts show HTML, so its text is escaped.
    """
    try:
        return require(context, request, "admin")
    except Refused as error:
        raise gr.Error(escape(str(error)), print_exception=False) from None


def answer(deed: Callable[[], list[str]]) -> str:
    """Return the lines in which a deed says what it did, or why it could not be done."""
    try:
        return show_done(*deed())
    except CamelidError as error:
        return show_problem(error)


def read_number(what: str, value: float | None, most: int) -> int:
    """Return a whole number from a form.

    Errors: InputError when it isn't one from 1 to `most`.
    """
    if value is None or not 1 <= value <= most or value != int(value):
        raise InputError(f"{what} is {value}; it can be 1 to {most:,}.")
    return int(value)
