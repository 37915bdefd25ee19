"""What a page may post to the functions of its site: one strict form, checked before Gradio.

Gradio answers 500 to a number that it doesn't know and to a body that it can't read, looks up
addresses that are put where a text should be, and keeps unread results for ever.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

import gradio as gr
from gradio.utils import get_upload_folder

SESSION = re.compile(r"[A-Za-z0-9_-]{1,40}")
MAX_NUMBER = 2**53
MAX_UNREAD = 16  # results of one session that nobody has fetched
MAX_SESSIONS = 2000
FILE_KEYS = {"path", "url", "size", "orig_name", "mime_type", "is_stream", "meta"}


class BadEvent(ValueError):
    """An event that no page of ours sends. Its text names a rule, never what was sent."""

    def __init__(self, message: str, status: int = 422) -> None:
        """Say what is wrong, and with which status to answer."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Function:
    """What is known of one function of a site: which of its inputs are files, what triggers it."""

    takes_file: tuple[bool, ...]
    queued: bool = False
    triggers: frozenset[int | None] = frozenset()
    texts: frozenset[int] = frozenset()  # places of inputs that are texts: nothing there is ""


class Events:
    """Reads the events of one site."""

    def __init__(self, functions: Mapping[int, Function], site: gr.Blocks | None = None) -> None:
        """Know a site's functions by their numbers."""
        self.functions = functions
        self.site = site

    def read(self, body: bytes, *, queued: bool) -> bytes:
        """Return an event as Gradio is to get it: what we checked and nothing else.

        Edge: what is not read by any function of ours (event data, tokens) is left out.
        Errors: BadEvent.
        """
        event = parse_object(body)
        function = self.find_function(event, queued)
        session = event.get("session_hash")
        if not isinstance(session, str) or not SESSION.fullmatch(session):
            raise BadEvent("session_hash should be a short word.")
        trigger = event.get("trigger_id")
        if trigger is not None and (type(trigger) is not int or trigger not in function.triggers):
            raise BadEvent("trigger_id is not what starts this function.")
        if queued and self.site is not None:
            self.check_queue(session)
        values = check_inputs(event.get("data"), function.takes_file)
        checked = {
            "data": [
                "" if value is None and place in function.texts else value
                for place, value in enumerate(values)
            ],
            "fn_index": event["fn_index"],
            "session_hash": session,
            "trigger_id": trigger,
        }
        return json.dumps(checked, ensure_ascii=False).encode()

    def find_function(self, event: dict[str, Any], queued: bool) -> Function:
        """Return the function that an event names, if it is called that way."""
        number = event.get("fn_index")
        if type(number) is not int or number not in self.functions:
            raise BadEvent("fn_index is no function of this page. Reload the page.")
        function = self.functions[number]
        if function.queued is not queued:
            way = "through the queue only" if function.queued else "directly only"
            raise BadEvent(f"This function is called {way}.")
        return function

    def check_queue(self, session: str) -> None:
        """Refuse a session that lets its results lie, and forget the oldest of too many."""
        unread = self.site._queue.pending_event_ids_session  # type: ignore[union-attr]
        if len(unread.get(session, ())) >= MAX_UNREAD:
            raise BadEvent("Too much is waiting for this page. Reload it.", 429)
        while len(unread) > MAX_SESSIONS:
            unread.pop(next(iter(unread)))


def list_functions(site: gr.Blocks) -> dict[int, Function]:
    """Return what has to be known of a site's functions."""
    return {
        number: Function(
            tuple(isinstance(one, gr.File) for one in function.inputs),
            bool(function.queue),
            find_triggers(site, number),
            frozenset(
                place for place, one in enumerate(function.inputs) if isinstance(one, gr.Textbox)
            ),
        )
        for number, function in site.fns.items()
    }


def find_triggers(site: gr.Blocks, number: int) -> frozenset[int | None]:
    """Return what starts a function; one that follows another is started by what starts that."""
    function = site.fns[number]
    after = function.trigger_after
    own = frozenset(target for target, _ in function.targets)
    return own if after is None else own | find_triggers(site, after)


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the one JSON object that a body is.

    Errors: BadEvent.
    """
    try:
        value = PARSER.decode(body.decode())
        json.dumps(value, ensure_ascii=False).encode()
    except BadEvent:
        raise
    except UnicodeError:
        raise BadEvent("The body is not UTF-8 text.", 400) from None
    except (ValueError, RecursionError):
        raise BadEvent("The body is not JSON, or too deep.", 400) from None
    if not isinstance(value, dict):
        raise BadEvent("The body should be a JSON object.")
    return value


def refuse_number(_: str) -> NoReturn:
    """Refuse NaN and Infinity."""
    raise BadEvent("A number is none.", 400)


def read_float(text: str) -> float:
    """Return a number that is finite."""
    number = float(text)
    return number if isfinite(number) else refuse_number(text)


def read_fields(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's fields, none of them twice."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise BadEvent("A key occurs twice.", 400)
    return fields


PARSER = json.JSONDecoder(
    object_pairs_hook=read_fields, parse_constant=refuse_number, parse_float=read_float
)


def check_inputs(data: object, takes_file: Sequence[bool]) -> list[Any]:
    """Return the values of an event if they are as many as the function takes, each of its kind."""
    if not isinstance(data, list) or len(data) != len(takes_file):
        raise BadEvent(f"data should be a list of {len(takes_file)} values.")
    for value, is_file in zip(data, takes_file, strict=True):
        if is_file and isinstance(value, dict):
            check_file(value)
        elif isinstance(value, list):
            for part in value:
                check_scalar(part)
        else:
            check_scalar(value)
    return data


def check_scalar(value: object) -> None:
    """Refuse what is no text, number, yes or no, or nothing."""
    if isinstance(value, dict | list):
        raise BadEvent("A value of data is nested.")
    if isinstance(value, int | float) and abs(value) > MAX_NUMBER:
        raise BadEvent("A number is too large.")
    if isinstance(value, str) and "\0" in value:
        raise BadEvent("A text holds a NUL character.")


def check_file(value: dict[str, Any]) -> None:
    """Refuse a file that is anything but one that was uploaded here; none is fetched."""
    path = value.get("path")
    if not isinstance(path, str) or "://" in path or not value.keys() <= FILE_KEYS:
        raise BadEvent("A file should be one that was uploaded here.")
    if not is_uploaded(path):  # Gradio looks only where a site was launched, and ours are mounted
        raise BadEvent("A file should be one that was uploaded here.")
    value["url"] = None
    for part in (part for key, part in value.items() if key != "meta"):
        check_scalar(part)
    if value.get("meta") != {"_type": "gradio.FileData"}:
        raise BadEvent("A file should be one that was uploaded here.")


def is_uploaded(path: str) -> bool:
    """Say whether a path is below the folder of uploads, wherever it seems to lead."""
    folder = Path(get_upload_folder()).resolve()
    try:
        return folder in Path(path).resolve().parents
    except (OSError, ValueError, RuntimeError):
        return False
