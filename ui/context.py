"""What every page is given: made once at the start, handed down, never changed."""

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from annotations.accounts import Account, find_session
from annotations.annotators import find_annotator
from annotations.answering import Answering
from annotations.judging.judging import Judging
from annotations.store import Store
from backend.records import Annotator
from backend.settings import Settings
from backend.switchboard import Switchboard
from training.workshop import Workshop
from ui.keys import Signer
from ui.meter import Meter

STAFF_COOKIE = "camelid_staff"
ANNOTATOR_COOKIE = "camelid_annotator"


@dataclass(frozen=True)
class Context:
    """The settings, the ledger, the keys, the models with what they do and learn, a meter."""

    settings: Settings
    store: Store
    signer: Signer
    models: Switchboard
    answering: Answering
    judging: Judging
    workshop: Workshop
    meter: Meter = field(default_factory=Meter)

    def find_staff(self, request: HTTPConnection) -> Account | None:
        """Return the researcher or admin behind a request, or None."""
        token = self.signer.read_staff(request.cookies.get(STAFF_COOKIE, ""))
        return None if token is None else find_session(self.store, token)

    def find_annotator(self, request: HTTPConnection) -> Annotator | None:
        """Return the annotator behind a request, or None."""
        known = self.signer.read_annotator(request.cookies.get(ANNOTATOR_COOKIE, ""))
        return None if known is None else find_annotator(self.store, *known)

    @property
    def secure(self) -> bool:
        """Say whether people reach us over TLS, so that cookies may travel over nothing else."""
        return self.settings.public_url.startswith("https:")
