"""Slow clients are given up, and no text makes a log line of its own."""

import io
import logging
import logging.config
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from ui.terminal.wire import HEADER_BYTES, OneLine, Patience, make_logging

pytestmark = pytest.mark.slow

WHOLE = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


class Hasty(Patience):
    header_s = 0.3


@contextmanager
def listen(protocol):
    """Serve a page with a protocol; yield how to connect."""
    config = uvicorn.Config(
        PlainTextResponse("here"), port=0, http=protocol, log_level="error", lifespan="off",
        h11_max_incomplete_event_size=HEADER_BYTES,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        address = server.servers[0].sockets[0].getsockname()
        yield lambda: socket.create_connection(address, timeout=20)
    finally:
        server.should_exit = True
        thread.join(10)


def ask(line):
    """Send a whole request and read the whole answer."""
    line.sendall(WHOLE)
    said = b""
    while not said.endswith(b"here"):
        said += line.recv(9999)


def is_closed(line, seconds):
    """Say whether the other side hangs up within so many seconds."""
    line.settimeout(seconds)
    try:
        return line.recv(9999) == b""
    except TimeoutError:
        return False


@pytest.mark.parametrize("begin", [b"", b"GET / HTTP/1.1\r\nhost: x", b"G"])
def test_a_request_that_does_not_end_is_given_up(begin):
    with listen(Hasty) as connect, connect() as line:
        line.sendall(begin)
        assert is_closed(line, 20)


def test_a_second_request_on_the_same_line_gets_no_more_time():
    with listen(Hasty) as connect, connect() as line:
        ask(line)
        line.sendall(b"GET / HT")
        assert is_closed(line, 20)


def test_whoever_thinks_between_two_requests_is_left_in_peace():
    with listen(Hasty) as connect, connect() as line:
        for _ in range(2):
            ask(line)
            time.sleep(0.5)


def test_the_control_the_plain_protocol_waits_for_ever():
    with listen(H11Protocol) as connect, connect() as line:
        line.sendall(b"GET / HT")
        assert not is_closed(line, 0.8)


def test_headers_without_end_are_refused():
    with listen(Hasty) as connect, connect() as line:
        line.sendall(b"GET / HTTP/1.1\r\nx: " + b"x" * (HEADER_BYTES + 10))
        assert line.recv(9999).startswith(b"HTTP/1.1 4")


NASTY = [
    "a\nERROR forged",
    "a\r\nERROR forged",
    "\x1b[2Jx",
    "a\u2028ERROR",
    "\x00\x07\x9b",
    "\u202eabc",
]


@pytest.mark.parametrize("text", NASTY)
def test_no_text_passes_for_another_line(text):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(OneLine("%(levelname)s %(message)s"))
    try:
        raise ValueError(text)
    except ValueError as error:
        record = logging.LogRecord("x", 40, "x", 1, f"It failed: {text}", (), None)
        record.exc_info = (ValueError, error, error.__traceback__)
    handler.emit(record)
    first, *others = out.getvalue().removesuffix("\n").splitlines()
    assert first.startswith("ERROR It failed: ")
    assert all(line.startswith("    ") for line in others)
    assert all(line.isprintable() for line in (first, *others))


def test_the_control_the_plain_formatter_lets_a_line_be_forged():
    record = logging.LogRecord("x", 40, "x", 1, NASTY[0], (), None)
    assert "\nERROR forged" in logging.Formatter("%(levelname)s %(message)s").format(record)


def test_words_of_any_language_stay_readable():
    record = logging.LogRecord("x", 40, "x", 1, "中文 é 😀 x", (), None)
    assert OneLine("%(message)s").format(record) == "中文 é 😀 x"


def test_requests_are_not_logged():
    loggers = make_logging()["loggers"]
    assert {name: logger["level"] for name, logger in loggers.items()} == {
        "uvicorn": "WARNING", "camelid": "WARNING",
    }  # fmt: skip
