"""A whole app in this process, over a small open study, with a cookie for each kind of person."""

from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.testclient import TestClient

from annotations.accounts import Account, open_session
from annotations.annotators import enrol_invited
from annotations.store import Store
from annotations.studies import set_status
from backend.settings import Settings
from tests.ledgers import make_study, open_store
from ui.context import ANNOTATOR_COOKIE, STAFF_COOKIE
from ui.server import build_app, make_context

HERE = {"origin": "http://localhost"}
SITES = ("/annotate", "/lab", "/admin")


@dataclass
class House:
    """An app with its ledger, a client that asks it, and who can ask."""

    store: Store
    study: object
    context: object
    app: object
    door: object
    client: TestClient
    cookies: dict = field(default_factory=dict)

    def become(self, who):
        """Ask as somebody else from now on."""
        self.client.cookies = self.cookies[who]

    def list_functions(self, site, who="admin"):
        """The functions of a site, as its own page learns of them."""
        self.become("annotator" if site == "/annotate" else who)
        return self.client.get(f"{site}/config").json()["dependencies"]

    def dump(self):
        """Everything in the ledger, to see whether something had an effect."""
        tables = self.store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            row["name"]: [tuple(found) for found in self.store.rows(f"SELECT * FROM {row['name']}")]
            for row in tables
        }


@contextmanager
def open_house(folder, *, raises=True, **settings):
    """Build the app, and let it run until the block ends."""
    with open_store(folder) as store:
        make_study(store)
        study = set_status(store, "study", "open", "test")
        context = make_context(Settings(data=folder, **settings), store)
        app, door = build_app(context)
        annotator = enrol_invited(store, study, "CODE", "en")
        cookies = {
            role: {STAFF_COOKIE: context.signer.sign_staff(open_session(store, account, 1))}
            for role in ("researcher", "admin")
            for account in [Account(role, role)]
        }
        seat = context.signer.sign_annotator(study.study_id, annotator.code)
        cookies["annotator"] = {ANNOTATOR_COOKIE: seat}
        cookies["nobody"] = {}
        cookies["forged"] = {STAFF_COOKIE: "ImFkbWluIg.AAAA", ANNOTATOR_COOKIE: "WzEsIkNPREUiXQ.AA"}
        with TestClient(
            app, "http://localhost", raise_server_exceptions=raises, follow_redirects=False
        ) as client:
            yield House(store, study, context, app, door, client, cookies)
        context.answering.close()
        context.models.close()
