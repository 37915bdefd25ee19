"""Why a request is turned down, in OpenAI's words and shape."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from backend.errors import CamelidError

SHOWN = 40  # of a value that was wrong; what people wrote to a model is never shown
NO_RETRY = frozenset({500, 504})
UNREAD = frozenset({401, 403, 408, 413, 415})
PRIVATE = frozenset({"content", "input", "prompt", "messages", "answers", "text_1", "text_2"})


class Fault(CamelidError):
    """A request that gets no answer: status, the field that is to blame, and OpenAI's code."""

    def __init__(
        self, message: str, status: int = 400, *, param: str | None = None, code: str | None = None
    ) -> None:
        """Keep the words and how they are sent."""
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code

    @property
    def payload(self) -> dict[str, Any]:
        """Return what is sent."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        body = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": body}


def unknown_model(asked: str, served: str) -> Fault:
    """Return the fault of a request that asks for a model which isn't here."""
    said = f"There is no model {asked[:SHOWN]!r} here; this worker serves {served!r}."
    return Fault(said, 404, param="model", code="model_not_found")


def too_long(error: CamelidError, param: str) -> Fault:
    """Return the fault of a prompt that can't fit; the words hold both numbers."""
    return Fault(str(error), param=param, code="context_length_exceeded")


def explain_invalid(error: ValidationError) -> Fault:
    """Return the fault of a body with wrong fields: all of them in words, the first by name."""
    faults = error.errors(include_url=False, include_context=False)
    said = "; ".join(explain_field(dict(fault)) for fault in faults[:5])
    return Fault(f"{said}.", param=name_field(faults[0]["loc"]), code="invalid_value")


def explain_field(fault: Mapping[str, Any]) -> str:
    """Return one wrong field in words, with its value where that isn't what somebody wrote."""
    words = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    words = words[:1].lower() + words[1:]
    name = name_field(fault["loc"]) or "the body"
    value = fault["input"]
    shown = isinstance(value, bool | int | float | str) and not PRIVATE & set(fault["loc"])
    return f"{name}: {words}" + (f", got {clip(value)}" if shown else "")


def clip(value: object) -> str:
    """Return a value as JSON has it, of a length that a line can hold."""
    try:
        told = json.dumps(value)
    except ValueError:  # an integer of more than 4,300 digits has no text
        return "a number of thousands of digits"
    return told if len(told) <= SHOWN else told[:SHOWN] + "…"


def name_field(location: tuple[int | str, ...]) -> str | None:
    """Return a field's place as OpenAI writes it: `messages.0.content`."""
    return ".".join(str(part) for part in location) or None


def answer_json(payload: object, status: int = 200, **headers: str) -> Response:
    """Return a JSON answer; everything is ASCII, so that any text passes."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    return Response(body, status, headers, media_type="application/json")


def answer_fault(fault: Fault) -> Response:
    """Return a fault as an answer; a client must not ask again where it can't help.

    Edge: a body that is not read to its end takes its connection with it.
    """
    headers: dict[str, str] = {}
    if fault.status in NO_RETRY:
        headers["x-should-retry"] = "false"
    if fault.status in UNREAD:
        headers["connection"] = "close"
    return answer_json(fault.payload, fault.status, **headers)
