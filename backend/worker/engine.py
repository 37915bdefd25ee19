"""Many answers from one model at the same time, over transformers' continuous batching.

One event loop drives an engine; the model runs in the manager's own thread. Every request has its
own temperature, top-p, top-k and length. A request ends with its reader: closing the generator, or
cancelling its task, takes it out of the batch within one step.

`Sampling.seed` is not heard: requests share their batches and one source of chance, so that the
same seed could not give the same answer again. Ask with temperature 0 for an answer that repeats.
"""

import asyncio
import itertools
import threading
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass

from transformers.generation.continuous_batching.requests import GenerationOutput

from backend.dialogue import Sampling
from backend.errors import InputError
from backend.worker.batching import Batcher
from backend.worker.decoding import Alphabet, Decoder, Reading
from backend.worker.feeds import STOPPED, Feed, Finish, Piece, explain, is_out_of_memory
from backend.worker.sizes import Sizes, choose_sizes, shrink
from backend.worker.weights import Weights

REBUILD_AFTER_S = 0.05  # lets every reader go first


class TooLong(InputError):
    """Prompt and answer together don't fit the context. Units: tokens."""

    def __init__(self, n_prompt: int, max_tokens: int, limit: int) -> None:
        super().__init__(
            f"The prompt has {n_prompt} tokens and up to {max_tokens} more are asked for, "
            f"{n_prompt + max_tokens} in all; this model takes {limit}. "
            "Shorten the conversation, or ask for fewer tokens."
        )
        self.n_prompt, self.max_tokens, self.limit = n_prompt, max_tokens, limit


@dataclass(frozen=True, slots=True)
class Counts:
    """What an engine does now, and what it has done since it started."""

    n_running: int
    n_waiting: int
    n_requests: int
    n_prompt_tokens: int
    n_tokens: int


class Engine:
    """One loaded model that answers many requests at the same time."""

    def __init__(self, weights: Weights, *, sizes: Sizes | None = None) -> None:
        """Reserve the cache and start. Errors: InputError when the model or its cache can't."""
        self.weights = weights
        self.sizes = sizes or choose_sizes(weights)
        self.cause = ""  # why it is not alive
        self._alphabet = Alphabet(deepcopy(weights.tokenizer))  # one in use here, one elsewhere
        self._names = itertools.count()
        self._feeds: dict[str, Feed] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = self._rebuilt = False
        self._n_requests = self._n_prompt_tokens = self._n_tokens = 0
        self._batcher = self._start()

    @property
    def alive(self) -> bool:
        """Say whether requests can be answered."""
        return not self.cause and self._batcher.is_running()

    @property
    def limit(self) -> int:
        """Return how many tokens one request can have, prompt and answer together."""
        return min(self.weights.context, self._batcher.capacity)

    def count(self) -> Counts:
        """Return what goes on."""
        n_running, n_waiting = self._batcher.count()
        return Counts(n_running, n_waiting, self._n_requests, self._n_prompt_tokens, self._n_tokens)

    def count_pages(self) -> int:
        """Return how many pages of the cache requests hold."""
        return self._batcher.count_pages()

    def check_fit(self, n_prompt: int, max_tokens: int) -> None:
        """Raise TooLong for what can't ever fit, InputError for what is no request."""
        if n_prompt < 1 or max_tokens < 1:
            raise InputError("A request needs a prompt and at least one new token.")
        if n_prompt + max_tokens > self.limit:
            raise TooLong(n_prompt, max_tokens, self.limit)

    async def generate(
        self, ids: Sequence[int], sampling: Sampling, stop_ids: Collection[int] = ()
    ) -> AsyncGenerator[Piece]:
        """Yield an answer in pieces, the last with its finish; leaving it cancels the request.

        `stop_ids` end an answer as the model's own end tokens do.
        Errors: InputError before anything is asked of the model; what happens later is a piece
        with finish "failed".
        """
        self.check_fit(len(ids), sampling.max_tokens)
        self._batcher.check_ids(ids)
        eos = self._batcher.eos.union(stop_ids)
        feed = self._open(ids, sampling, eos)
        try:
            reading = Reading(Decoder(self._alphabet), sampling.stop, eos)
            finish: Finish = ""
            while not finish:
                await feed.arrived.wait()
                feed.arrived.clear()
                piece = self._read(feed, reading)
                finish = piece.finish
                if piece.text or finish:
                    yield piece
        finally:
            self._close(feed)

    def close(self) -> None:
        """Stop the thread and free the cache; whoever still reads is told."""
        if self._closed:
            return
        self._closed = True
        self.cause = "The model is being stopped."
        self._fail_all()
        self._batcher.close()

    def _start(self) -> Batcher:
        """Build the manager, and watch its thread."""
        batcher = Batcher(self.weights, self.sizes, self._deliver)
        threading.Thread(
            target=self._watch, args=(batcher,), name="engine-watch", daemon=True
        ).start()
        return batcher

    def _open(self, ids: Sequence[int], sampling: Sampling, eos: frozenset[int]) -> Feed:
        """Queue a request; where that can't be, its first piece says why."""
        self._loop = asyncio.get_running_loop()
        feed = Feed(f"r{next(self._names)}")
        self._feeds[feed.name] = feed
        self._n_requests += 1
        self._n_prompt_tokens += len(ids)
        if not self.alive or not self._batcher.add(feed.name, ids, sampling, eos):
            feed.fail(self.cause or STOPPED)
        return feed

    def _close(self, feed: Feed) -> None:
        """Forget a request, and take it out of the batch when it is still there."""
        self._feeds.pop(feed.name, None)
        if not feed.over:
            self._batcher.cancel(feed.name)

    def _read(self, feed: Feed, reading: Reading) -> Piece:
        """Return what is new since the reader was here last."""
        n_before = feed.n_read
        piece = feed.read(reading)
        self._n_tokens += feed.n_read - n_before
        return piece

    def _watch(self, batcher: Batcher) -> None:
        """Wait for the end of the manager's thread, and tell the loop (in a thread of its own)."""
        error = batcher.wait()
        if not self._closed:
            self.cause = explain(error)
            self._call(lambda: self._lose(error))

    def _deliver(self, outputs: Sequence[GenerationOutput]) -> None:
        """Take one step's results to the loop, all at once (in the manager's thread)."""
        self._call(lambda: self._hand_out(outputs))

    def _call(self, function: Callable[[], None]) -> None:
        """Call in the loop, which may be closed already when the process ends."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(function)

    def _hand_out(self, outputs: Sequence[GenerationOutput]) -> None:
        """Put results where their readers wait.

        Edge: a cancel that overtakes its request on the way to the manager is lost there, so that
        results nobody waits for cancel once more.
        """
        for output in outputs:
            feed = self._feeds.get(output.request_id)
            if feed is not None:
                feed.take(output)
            elif not output.is_finished():
                self._batcher.cancel(output.request_id)

    def _lose(self, error: BaseException | None) -> None:
        """Tell every reader that the thread is dead; after the first lack of memory, start anew."""
        self._fail_all()
        if is_out_of_memory(error) and not self._rebuilt:
            self._rebuilt = True
            asyncio.get_running_loop().call_later(REBUILD_AFTER_S, self._rebuild)

    def _rebuild(self) -> None:
        """Build the manager once more, with less."""
        if self._closed:
            return
        self._batcher.close()
        self.sizes = shrink(self.sizes)
        try:
            self._batcher = self._start()
        except InputError as error:
            self.cause = str(error)
        else:
            self.cause = ""

    def _fail_all(self) -> None:
        """End all requests with the cause."""
        for feed in self._feeds.values():
            feed.fail(self.cause)
