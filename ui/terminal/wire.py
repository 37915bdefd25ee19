"""What stands between a connection and the app: patience that ends, and log lines that stay lines.

Who holds connections open by the thousand has to be stopped by a proxy; who sends a request a byte
a minute is stopped here.
"""

import asyncio
import logging
import re
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_S = 10.0  # from a request's first byte to the end of its headers
HEADER_BYTES = 32 * 1024
CONNECTIONS = 4000  # a browser holds up to six; one more connection is told that the app is busy
FILES = 8192
UNSEEN = re.compile(
    r"[^\t\n -~\xa1-\u200a\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\ue000-\U0010ffff]"
)


class Patience(H11Protocol):
    """HTTP for a client that gets so long to say what it wants, and no longer."""

    header_s = HEADER_S
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401
        """Start to wait for a request."""
        super().connection_made(transport)
        self.watch()

    def data_received(self, data: bytes) -> None:
        """Take in what came, and look whether it is a whole request's headers."""
        super().data_received(data)
        self.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self.forget()
        super().connection_lost(exc)

    def watch(self) -> None:
        """Run the clock while a request has begun, or was never made, and is not here whole."""
        begun = self.cycle is None or bool(self.conn.trailing_data[0])
        if not begun or self.conn.their_state is not h11.IDLE:
            self.forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.header_s, self.transport.close)

    def forget(self) -> None:
        """Stop the clock."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class OneLine(logging.Formatter):
    """Writes a record so that no text in it can pass for another one.

    Further lines are indented; what moves the cursor of a terminal is written as its number.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text."""
        text = UNSEEN.sub(lambda one: ascii(one.group())[1:-1], super().format(record))
        return text.replace("\n", "\n    ")


def make_logging() -> dict[str, Any]:
    """Return how the app logs: warnings and faults, to the standard error, no request lines."""
    logger = {"handlers": ["stderr"], "level": "WARNING", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": OneLine, "format": "%(asctime)s %(levelname)s %(message)s"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        },
        "loggers": {"uvicorn": logger, "camelid": logger},
    }


def allow_files() -> None:
    """Let this process hold as many connections as it serves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
