"""The secret key of a data folder, and what is signed with it: cookies and invitation links."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from backend.errors import Refused, SettingsError

KEY_NAME = "secret.key"
KEY_LENGTH = 32  # bytes of chance; some more characters in the file


def read_key(folder: Path) -> str:
    """Return the folder's secret key, made on the first call; only its owner can read the file.

    Errors: SettingsError when others can read it, or when it is too short to keep anything secret.
    """
    path = folder / KEY_NAME
    if not path.exists():
        make_key(path)
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"{path} can be read by others; run: chmod 600 {path}")
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if len(key) < KEY_LENGTH:
        raise SettingsError(
            f"{path} holds no whole key. Delete it, and a new one is made: people then have to "
            "log in again, and invitation links have to be made anew."
        )
    return key


def make_key(path: Path) -> None:
    """Write a new key, whole or not at all."""
    draft = path.with_name(f".{KEY_NAME}-{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(KEY_LENGTH))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A place in a study: whose it is and until when it can be taken up. Units: epoch seconds."""

    slug: str
    code: str
    expires_at: int


class Signer:
    """Signs and checks what the browser keeps for us, each kind with a salt of its own."""

    def __init__(self, key: str) -> None:
        """Derive one serializer for each kind of text."""
        self._staff = URLSafeSerializer(key, salt="staff")
        self._annotator = URLSafeSerializer(key, salt="annotator")
        self._invitation = URLSafeSerializer(key, salt="invitation")

    def sign_staff(self, token: str) -> str:
        """Return a session token as a cookie's value."""
        return str(self._staff.dumps(token))

    def read_staff(self, cookie: str) -> str | None:
        """Return the session token in a cookie, or None when it isn't ours."""
        try:
            return str(read_signed(self._staff, cookie))
        except BadSignature:
            return None

    def sign_annotator(self, study_id: int, code: str) -> str:
        """Return an annotator's identity as a cookie's value."""
        return str(self._annotator.dumps([study_id, code]))

    def read_annotator(self, cookie: str) -> tuple[int, str] | None:
        """Return (study number, code) in a cookie, or None when it isn't ours."""
        try:
            study_id, code = read_signed(self._annotator, cookie)
        except (BadSignature, ValueError, TypeError):
            return None
        return int(study_id), str(code)

    def sign_invitation(self, invitation: Invitation) -> str:
        """Return an invitation as the last part of a link."""
        parts = [invitation.slug, invitation.code, invitation.expires_at]
        return str(self._invitation.dumps(parts))

    def read_invitation(self, text: str, now: float) -> Invitation:
        """Return the invitation in a link.

        Errors: Refused when it was changed, isn't ours, or has run out.
        """
        try:
            slug, code, expires_at = read_signed(self._invitation, text)
        except (BadSignature, ValueError, TypeError):
            raise Refused("This link is not complete, or not one of ours.") from None
        if now > int(expires_at):
            raise Refused("This link has run out. Ask for a new one.")
        return Invitation(str(slug), str(code), int(expires_at))


def read_signed(serializer: URLSafeSerializer, text: str) -> Any:  # noqa: ANN401
    """Return what a text holds, if it is the very text that was signed.

    Errors: BadSignature. Edge: the last letter of a signature has bits that no decoder looks at, so
    that four spellings of it are one; ours alone is taken.
    """
    value = serializer.loads(text)
    if serializer.dumps(value) != text:
        raise BadSignature("It was signed in another spelling.")
    return value
