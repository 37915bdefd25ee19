"""Loads the model and serves it: the part of a worker that takes torch."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from functools import partial

import uvicorn
from transformers.utils.logging import disable_progress_bar

from backend.worker.attend import Patience
from backend.worker.batching import count_vocabulary
from backend.worker.desk import Desk
from backend.worker.engine import Engine
from backend.worker.folder import check_folder, read_json
from backend.worker.options import Options
from backend.worker.prompts import Prompter
from backend.worker.routes import build_app
from backend.worker.score import Scorer
from backend.worker.watch import Stop
from backend.worker.weights import Role, Weights, load_weights

IDLE_S = 75  # a connection is kept longer than clients keep theirs
LOOKS = 5
DEAD_S = 5.0  # so long a dead engine is reported to whoever asks; then the worker ends


class Server(uvicorn.Server):
    """A uvicorn server that says when it is ready, and leaves the signals to us."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        """Call `on_ready` when requests are answered."""
        super().__init__(config)
        self.on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal: `Stop` has them."""
        yield


class House:
    """A loaded model with what serves it. Errors: CamelidError when it can't be loaded."""

    def __init__(self, options: Options) -> None:
        """Load the model of a folder; what kind it is, its config says."""
        self.options = options
        weights = load(options)
        self.prompter = Prompter(weights.tokenizer, options.template, count_vocabulary(weights))
        self.engine: Engine | None = None
        self.scorer: Scorer | None = None
        if find_role(options) == "chat":
            self.engine = Engine(weights)
        else:
            self.scorer = Scorer(weights)
        self.context = self.engine.limit if self.engine else weights.context

    def make_desk(self, closing: "asyncio.Future[None]") -> Desk:
        """Return what the routes need."""
        return Desk(
            name=self.options.name,
            prompter=self.prompter,
            context=self.context,
            patience=Patience(self.options.max_s, closing),
            engine=self.engine,
            score=self.scorer.score if self.scorer else None,
        )

    async def serve(self, listener: socket.socket, stop: Stop, on_ready: Callable[[], None]) -> str:
        """Answer requests until told to stop; return why it had to end by itself, if so."""
        loop = asyncio.get_running_loop()
        closing: asyncio.Future[None] = loop.create_future()
        desk = self.make_desk(closing)
        app = build_app(desk, host=self.options.host, key=self.options.key)
        server = Server(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=IDLE_S,
                timeout_graceful_shutdown=1,
            ),
            on_ready,
        )
        end = partial(loop.call_soon_threadsafe, end_server, server, closing)
        stop.end = end
        watch = asyncio.create_task(watch_engine(self.engine, end))
        await server.serve(sockets=[listener])
        return watch.result() if watch.done() else ""

    def close(self) -> None:
        """Let go of the model."""
        if self.engine:
            self.engine.close()
        if self.scorer:
            self.scorer.close()
        self.prompter.close()


def end_server(server: Server, closing: "asyncio.Future[None]") -> None:
    """Stop taking requests, and end the open ones."""
    server.should_exit = True
    if not closing.done():
        closing.set_result(None)


async def watch_engine(
    engine: Engine | None, end: Callable[[], object], dead_s: float = DEAD_S
) -> str:
    """Wait until the engine has been dead for a while; end the server and return why."""
    n_dead = 0
    while n_dead < LOOKS:
        await asyncio.sleep(dead_s / LOOKS)
        n_dead = 0 if engine is None or engine.alive else n_dead + 1
    end()
    return f"The engine is dead: {engine.cause if engine else ''}"


def find_role(options: Options) -> Role:
    """Return what a folder's model is for: one that classifies gives scores."""
    made = read_json(check_folder(options.model) / "config.json").get("architectures") or [""]
    return "reward" if str(made[0]).endswith("ForSequenceClassification") else "chat"


def load(options: Options) -> Weights:
    """Load the folder's model; bars of progress would only fill the log."""
    disable_progress_bar()  # type: ignore[no-untyped-call]
    return load_weights(
        options.model,
        dtype=options.dtype,
        device=options.device,
        quantisation=options.quantisation,
        context=options.context,
        role=find_role(options),
    )
