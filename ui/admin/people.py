"""People: who may log in, and as what."""

from collections.abc import Sequence
from typing import Any, cast

import gradio as gr
from markupsafe import Markup

from annotations.accounts import (
    MIN_PASSWORD,
    ROLES,
    Account,
    Role,
    add_account,
    list_accounts,
    remove_account,
)
from annotations.store import Store
from backend.errors import InputError
from ui.admin.desk import answer, check_admin
from ui.context import Context
from ui.pieces import QUICK, finish, make_markdown, show_table

NOBODY = (
    "No accounts yet. Until there is one, the app prints a link at its start that logs in one "
    "admin. Add an admin first."
)
# Hashing a password is slow on purpose; it must not fill the threads that votes need.
HASHING: dict[str, Any] = {
    "concurrency_id": "passwords",
    "concurrency_limit": 1,
    "show_progress": "minimal",
    "api_visibility": "private",
}


def show_people(accounts: Sequence[Account]) -> str:
    """Return the table of all accounts."""
    if not accounts:
        return finish(Markup('<div class="empty">{}</div>').format(NOBODY))
    rows = [[one.name, one.role] for one in accounts]
    return finish(show_table("Accounts", ("Name", "Role"), rows))


def set_person(store: Store, account: Account, password: str, again: str, actor: str) -> list[str]:
    """Add an account, or give it a new password and role.

    Errors: InputError when the passwords differ, or when no admin would be left.
    """
    if password != again:
        raise InputError("The two passwords differ; type them again.")
    if account.role != "admin":
        check_admin_stays(store, account.name)
    add_account(store, account, password, actor)
    words = [f"{account.name} can log in as {account.role}. Earlier sessions of that name ended."]
    if account.role == "admin" and actor not in {one.name for one in list_accounts(store)}:
        words.append("The one-time link is done with: log in again with this account.")
    return words


def remove_person(store: Store, name: str, actor: str) -> list[str]:
    """Remove an account.

    Errors: InputError when no admin would be left; NotFound for an unknown name.
    """
    check_admin_stays(store, name)
    remove_account(store, name, actor)
    return [f"{name} can't log in any more."]


def check_admin_stays(store: Store, name: str) -> None:
    """Refuse to take the last admin away: nobody could change anything on the pages then."""
    admins = [account.name for account in list_accounts(store) if account.role == "admin"]
    if admins == [name]:
        raise InputError(f"{name} is the only admin. Add another admin first.")


class Registry:
    """The tab of accounts."""

    def __init__(self, context: Context) -> None:
        """Lay out the list, the form and the way out."""
        self.context = context
        self.store = context.store
        self.table = make_markdown()
        make_markdown("## Add an account, or change one", elem_classes="part")
        with gr.Row():
            self.name = gr.Textbox(label="Name", max_length=60)
            self.role = gr.Radio(list(ROLES), value="researcher", label="Role")
        with gr.Row():
            self.password = gr.Textbox(
                label="Password", type="password", info=f"At least {MIN_PASSWORD} characters."
            )
            self.again = gr.Textbox(label="The same again", type="password")
        self.add = gr.Button("Save the account", variant="primary", elem_classes="act")
        self.said = make_markdown()
        make_markdown("## Remove an account", elem_classes="part")
        with gr.Row(elem_classes="line"):
            self.gone = gr.Dropdown([], label="Account")
            self.remove = gr.Button("Remove", elem_classes="act")
        self.removed = make_markdown()

    def look(self, request: gr.Request) -> tuple[str, Any]:
        """Show who there is."""
        check_admin(self.context, request)
        accounts = list_accounts(self.store)
        names = [account.name for account in accounts]
        return show_people(accounts), gr.update(choices=names, value=None)

    def save(
        self, request: gr.Request, name: str, role: str | None, password: str, again: str
    ) -> tuple[str, str, str]:
        """Add or change an account; the passwords leave the page."""
        actor = check_admin(self.context, request)
        account = Account((name or "").strip(), cast(Role, role or ""))
        words = answer(lambda: set_person(self.store, account, password, again, actor.name))
        return words, "", ""

    def drop(self, request: gr.Request, name: str | None) -> str:
        """Remove an account."""
        actor = check_admin(self.context, request)
        return answer(lambda: remove_person(self.store, name or "", actor.name))

    def wire(self, site: gr.Blocks, tab: gr.Tab) -> None:
        """Wire the buttons; the list is read again after each act."""
        people = [self.table, self.gone]
        site.load(self.look, None, people, **QUICK)
        tab.select(self.look, None, people, **QUICK)
        form = [self.name, self.role, self.password, self.again]
        saved = self.add.click(self.save, form, [self.said, self.password, self.again], **HASHING)
        saved.then(self.look, None, people, **QUICK)
        removed = self.remove.click(self.drop, self.gone, self.removed, **QUICK)
        removed.then(self.look, None, people, **QUICK)
