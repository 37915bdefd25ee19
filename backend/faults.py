"""What can go wrong upstream, and the outcome and the sentence that each fault ends as."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from pydantic import SecretStr

from backend.dialogue import Outcome

MAX_QUOTED = 300  # characters of what a server said
KEY_PART = 6  # so many characters in a row of a key are part of it, not chance
LOOKS_LIKE_KEY = re.compile(r"\b(sk|pk|rk|hf|gsk|xai|key)[-_][\w*.\-…]{3,}", re.IGNORECASE)

QUOTA_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded"}
)
KEY_CODES = frozenset({"invalid_api_key", "invalid_authentication", "account_deactivated"})
FILTER_CODES = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})
MODEL_CODES = frozenset({"model_not_found", "deployment_not_found", "invalid_model"})
OVERFLOW_CODES = frozenset({"context_length_exceeded", "string_above_max_length"})
OVERFLOW_WORDS = re.compile(
    r"context (length|window|size)|max(imum)?[ _](model|sequence|input)[ _]len"
    r"|(prompt|input|request) is too long|reduce the length",
    re.IGNORECASE,
)
SCHEMA_WORDS = re.compile(r"response_format|json_schema|structured output", re.IGNORECASE)
TRY_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is asked, as the sentences name it; `key` is here only to be kept out of them."""

    name: str
    base_url: str
    model: str
    key_env: str
    key: SecretStr | None
    is_local: bool = False

    @property
    def host(self) -> str:
        """Return the server's address, without the path."""
        try:
            return urlsplit(self.base_url).netloc
        except ValueError:  # brackets that hold no address
            return self.base_url


class Fault(Exception):
    """An answer that did not come; known inside the client only, which makes a Reply of it.

    Edge: `billed` says that the server may have begun to answer, so that it may cost money.
    `param` is the parameter that the server says it does not take.
    """

    def __init__(
        self,
        outcome: Outcome,
        detail: str,
        *,
        again: bool = False,
        billed: bool = True,
        retry_after_s: float | None = None,
        param: str = "",
    ) -> None:
        super().__init__(detail)
        self.outcome: Outcome = outcome
        self.detail = detail
        self.again = again
        self.billed = billed
        self.retry_after_s = retry_after_s
        self.param = param


@dataclass(frozen=True, slots=True)
class Told:
    """What a server says about its error, in whatever shape; empty where it says nothing."""

    message: str = ""
    code: str = ""
    kind: str = ""
    param: str = ""

    @property
    def codes(self) -> frozenset[str]:
        """Return the words that tell what kind of error it is."""
        return frozenset({self.code, self.kind})


def read_told(error: object) -> Told:
    """Return what an error object, or a body without one, says."""
    if not isinstance(error, Mapping):
        return Told(error if isinstance(error, str) else "")
    told = {name: error.get(name) for name in ("message", "code", "type", "param", "detail")}
    words = {name: "" if value is None else str(value) for name, value in told.items()}
    message = words["message"] or words["detail"]
    return Told(message, words["code"], words["type"], words["param"])


def read_status(
    status: int, body: object, headers: Mapping[str, str], peer: Peer, now: datetime | None = None
) -> Fault:
    """Return the fault that an HTTP status with its body and headers means."""
    told = read_told(body)
    outcome = sort_status(status, told)
    retry_after_s = read_retry_after(headers, now or datetime.now(UTC))
    return Fault(
        outcome,
        explain(outcome, f"HTTP {status}", told, peer, retry_after_s),
        again=status in TRY_AGAIN and outcome != "no_quota",
        billed=status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        retry_after_s=retry_after_s,
        param=find_unsupported(told),
    )


def read_error(error: object, peer: Peer) -> Fault:
    """Return the fault of an error object that came with a status of 200, or in a stream."""
    told = read_told(error)
    known = re.fullmatch("[45][0-9][0-9]", told.code) is not None
    status = int(told.code) if known else HTTPStatus.BAD_REQUEST
    outcome = sort_status(status, told)
    if told.codes & {"rate_limit_exceeded", "rate_limit_error"}:
        outcome = "rate_limited"
    what = f"an error, {status}" if known else "an error in place of an answer"
    return Fault(outcome, explain(outcome, what, told, peer, None))


def sort_status(status: int, told: Told) -> Outcome:
    """Return the outcome that an HTTP status and the error's own words mean."""
    by_code = sort_codes(told)
    if by_code is not None:
        return by_code
    if status in (400, 413, 422) and OVERFLOW_WORDS.search(told.message):
        return "too_long"
    if status in (408, 504):
        return "timeout"
    known: dict[int, Outcome] = {
        401: "bad_key",
        402: "no_quota",
        403: "bad_key",
        404: "unknown_model",
        413: "too_long",
        429: "rate_limited",
    }
    return known.get(status, "malformed" if status < HTTPStatus.BAD_REQUEST else "server_error")


def sort_codes(told: Told) -> Outcome | None:
    """Return the outcome that an error's code or type names by itself, or None."""
    named: tuple[tuple[frozenset[str], Outcome], ...] = (
        (QUOTA_CODES, "no_quota"),
        (KEY_CODES, "bad_key"),
        (FILTER_CODES, "filtered"),
        (MODEL_CODES, "unknown_model"),
        (OVERFLOW_CODES, "too_long"),
    )
    return next((outcome for codes, outcome in named if codes & told.codes), None)


def find_unsupported(told: Told) -> str:
    """Return the parameter that a server does not take, or nothing.

    Edge: servers without JSON schemas name them in words only.
    """
    if told.param.startswith("response_format") or SCHEMA_WORDS.search(told.message):
        return "response_format"
    if {"unsupported_parameter", "unsupported_value", "unknown_parameter"} & told.codes:
        return told.param
    return ""


def read_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how many seconds a server asks to wait, or None where it doesn't say."""
    told = headers.get("retry-after", "")
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(told) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def explain(
    outcome: Outcome, what: str, told: Told, peer: Peer, retry_after_s: float | None
) -> str:
    """Return the sentence to a person about a fault that the server itself reported."""
    if outcome == "bad_key":
        return explain_key(what, peer)
    wait = "later" if retry_after_s is None else f"in {retry_after_s:.0f} s"
    sentences: dict[Outcome, str] = {
        "no_quota": f"{peer.name}: the account's quota or credit at {peer.host} is used up ({what})"
        "; raise it there, then go on.",
        "unknown_model": f"{peer.name}: {peer.host} knows no model {peer.model!r} ({what}); check "
        "model and base_url in its card.",
        "too_long": f"{peer.name}: prompt and answer do not fit the model's context.",
        "filtered": f"{peer.name}: the server's content filter stopped the prompt ({what}).",
        "rate_limited": f"{peer.name}: {peer.host} takes no more requests now ({what}); try again "
        f"{wait}.",
        "timeout": f"{peer.name}: {peer.host} gave up waiting ({what}); try again {wait}.",
        "malformed": f"{peer.name}: {peer.host} sent no answer ({what}); check base_url in its "
        "card.",
    }
    did = "did not take the request" if what.startswith("HTTP 4") else "failed"
    sentence = sentences.get(outcome, f"{peer.name}: {peer.host} {did} ({what}).")
    quoted = quote(told.message, peer.key)
    return f'{sentence} It says: "{quoted}".' if quoted else sentence


def explain_key(what: str, peer: Peer) -> str:
    """Return the sentence about a refused key; never anything that the server said of it."""
    if peer.key is None:
        return (
            f"{peer.name}: {peer.host} wants a key ({what}), and its card names none; put the name "
            "of the variable that holds it into key_env."
        )
    variable = f" in {peer.key_env}" if peer.key_env else ""
    return f"{peer.name}: {peer.host} refused the key{variable} ({what}); put in a valid one."


def explain_break(peer: Peer, *, connected: bool) -> Fault:
    """Return the fault of a connection that failed, before or after it stood."""
    if connected and peer.is_local:
        said = f"The worker of {peer.name} ended in mid-answer; the next question starts it again."
        return Fault("cut_off", said)
    if connected:
        said = f"{peer.name}: the connection to {peer.host} ended before the answer did."
        return Fault("cut_off", said, again=True)
    if peer.is_local:
        said = f"The worker of {peer.name} has ended; the next question starts it again."
        return Fault("unreachable", said, billed=False)
    said = f"{peer.name}: nothing answers at {peer.host}; check base_url in its card, and the net."
    return Fault("unreachable", said, again=True, billed=False)


def quote(text: str, key: SecretStr | None) -> str:
    """Return what a server said, on one line, short, and without any part of a key."""
    line = " ".join(LOOKS_LIKE_KEY.sub("[key]", text).split())
    line = "".join(letter for letter in line if letter.isprintable())
    secret = key.get_secret_value() if key else ""
    parts = (secret[i : i + KEY_PART] for i in range(max(1, len(secret) - KEY_PART + 1)))
    if secret and any(part in line for part in parts):
        return "(not shown: it repeats the key)"
    return line if len(line) <= MAX_QUOTED else f"{line[:MAX_QUOTED]}…"


def hide_key(text: str, key: SecretStr | None) -> str:
    """Return an answer without the key, should a server have put it there."""
    secret = key.get_secret_value() if key else ""
    return text.replace(secret, "[key]") if secret else text
