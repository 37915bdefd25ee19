"""`python -m backend.worker`: one process, one model, until it is told to stop.

The heavy imports come after the watchers have started: who starts a worker sees at once that it
loads, and can end it at any time.
"""

import asyncio
import os
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress

from backend.errors import CamelidError, SettingsError
from backend.worker.folder import check_folder
from backend.worker.options import KEY, Options, check_options, read_options
from backend.worker.watch import StateFile, Stop, follow_input, leave


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Serve a model; return the exit code."""
    options = read_options(words, environ)
    if options.follow_stdin:
        follow_input(sys.stdin.fileno())
    stop = Stop()
    stop.listen()
    state = StateFile(options.state)
    state.write("loading", f"Loading {options.name}.")
    try:
        why = run(options, stop, state)
    except CamelidError as error:
        why = str(error)
    except Exception as error:  # the outermost edge: whoever waits must be told
        traceback.print_exc()
        why = f"{options.name} can't be served: {type(error).__name__}: {error}"
    if not why:
        return 0
    state.write("failed", why)
    sys.stderr.write(f"{why}\n")
    return 1


def run(options: Options, stop: Stop, state: StateFile) -> str:
    """Load and serve; return why it ended by itself, if it did. Errors: CamelidError."""
    check_options(options)
    check_folder(options.model)  # before the seconds that the imports take
    with bind_port(options) as listener:
        from backend.worker.server import House  # noqa: PLC0415 - torch takes seconds to import

        house = House(options)
        port = listener.getsockname()[1]

        def tell() -> None:
            state.write("ready", port=port)
            host = f"[{options.host}]" if ":" in options.host else options.host
            with suppress(BrokenPipeError):
                sys.stdout.write(f"Serving {options.name} on http://{host}:{port}/v1\n")
                sys.stdout.flush()

        try:
            return asyncio.run(house.serve(listener, stop, tell))
        finally:
            house.close()


def bind_port(options: Options) -> socket.socket:
    """Take the port; nobody is answered yet. Errors: SettingsError when it can't be had."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each event may wait
        listener.bind(address)
    except OSError as error:
        where = f"{options.host}:{options.port}"
        raise SettingsError(f"The worker can't listen on {where}: {error.strerror}.") from error
    return listener


if __name__ == "__main__":
    environment = dict(os.environ)
    os.environ.pop(KEY, None)  # what this process starts must not have it
    code = main(sys.argv[1:], environment)
    sys.stdout.flush()
    sys.stderr.flush()
    leave(code)  # a thread that hangs in a long step must not keep the process
