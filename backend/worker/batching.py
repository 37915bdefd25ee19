"""The continuous-batching manager of transformers, as it is used here: built, fed and stopped.

All that knows the manager's inside is in this file and in choosing.py.
"""

import gc
import threading
import time
import traceback
from collections.abc import Callable, Sequence

import torch
from transformers import ContinuousBatchingConfig, GenerationConfig
from transformers.generation.continuous_batching.continuous_api import (
    ContinuousBatchingManager,
    ContinuousBatchProcessor,
    OutputRouter,
)
from transformers.generation.continuous_batching.model_runner import infer_max_single_request_tokens
from transformers.generation.continuous_batching.requests import GenerationOutput, RequestState
from transformers.generation.continuous_batching.scheduler import FIFOScheduler

from backend.dialogue import Sampling
from backend.errors import InputError
from backend.worker.choosing import Chooser, translate
from backend.worker.cpu import prepare_model
from backend.worker.sizes import Sizes
from backend.worker.weights import Weights, first_line

Deliver = Callable[[Sequence[GenerationOutput]], None]

WAKES_PER_S = 200
SHORTEST_PAUSE_S = 0.03
LONGEST_PAUSE_S = 0.1
STOP_S = 30


def read_eos(weights: Weights) -> frozenset[int]:
    """Return the ids that end an answer: the model's own (one or several) and the tokenizer's."""
    told = [
        getattr(weights.model.generation_config, "eos_token_id", None),
        getattr(weights.model.config.get_text_config(), "eos_token_id", None),
        weights.tokenizer.eos_token_id,
    ]
    lists = [one if isinstance(one, list | tuple) else [one] for one in told]
    return frozenset(id_ for ids in lists for id_ in ids if isinstance(id_, int) and id_ >= 0)


def count_vocabulary(weights: Weights) -> int:
    """Return how many tokens the model has a vector for."""
    table = weights.model.get_input_embeddings()
    return int(table.weight.shape[0])  # type: ignore[index]


def free_memory() -> None:
    """Give back what nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def make_manager(weights: Weights, config: ContinuousBatchingConfig) -> ContinuousBatchingManager:
    """Return a manager; the Chooser samples, and each request brings its parameters and ends."""
    base = GenerationConfig(do_sample=False, pad_token_id=0, eos_token_id=-1)  # type: ignore[no-untyped-call]
    return weights.model.init_continuous_batching(  # type: ignore[operator, no-any-return]
        generation_config=base, continuous_batching_config=config
    )


def is_captured(manager: ContinuousBatchingManager) -> bool:
    """Say whether a step is captured as a graph or compiled, which fixes the way it takes."""
    config = manager.continuous_batching_config
    compiled = config.varlen_compile_config or config.decode_compile_config
    return compiled is not None or any(config.cuda_graph_booleans)


class Queue(FIFOScheduler):
    """The manager's queue, which takes new requests again when one was cancelled.

    A full cache shuts the manager's own until a request ends by itself; where all that run are
    cancelled, as at a stop string, it would stay shut for ever.
    """

    def clear_cancelled_requests(self) -> list[RequestState]:
        """Take out what was cancelled, at the beginning of each step."""
        cancelled: list[RequestState] = super().clear_cancelled_requests()
        if cancelled or not self.active_requests:
            self.block_new_requests = False
        return cancelled


def replace_queue(processor: ContinuousBatchProcessor | None) -> None:
    """Put our queue in place of the manager's, before it has begun."""
    if processor is None:
        return
    old = processor.scheduler
    queue = Queue(old.cache, old.safety_margin, old.max_requests_per_batch)
    processor.scheduler = processor.offloading_manager.scheduler = queue


def count_capacity(processor: ContinuousBatchProcessor | None) -> int:
    """Return how many tokens a single request can have in an empty cache."""
    if processor is None:
        return 0
    return int(infer_max_single_request_tokens(processor.cache))


class Router(OutputRouter):
    """Takes the results of steps to one place, and keeps none of them.

    The manager's own keeps the results of requests that nobody reads any more, for ever. This one
    also waits a moment, so that a fast model does not wake all readers for every single token,
    which would cost more than the tokens. A first token and a last go at once.
    """

    def __init__(self, deliver: Deliver, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._deliver = deliver
        self._clock = clock
        self._kept: dict[str, GenerationOutput] = {}
        self._handed_on = clock()

    def deliver(self, output: GenerationOutput) -> None:
        """Take one result."""
        self.deliver_batch([output])

    def deliver_batch(self, outputs: list[GenerationOutput]) -> None:
        """Take the results of one step; each holds all its request's tokens so far."""
        self._kept.update((output.request_id, output) for output in outputs)
        urgent = [output.request_id for output in outputs if is_urgent(output)]
        now = self._clock()
        if now - self._handed_on >= choose_pause(len(self._kept)):
            self._handed_on = now
            self._hand_on(list(self._kept))
        elif urgent:
            self._hand_on(urgent)

    def _hand_on(self, names: Sequence[str]) -> None:
        self._deliver([self._kept.pop(name) for name in names])


def choose_pause(n_readers: int) -> float:
    """Return how long results may be kept: readers are woken so many times a second in all."""
    return min(max(n_readers / WAKES_PER_S, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)


def is_urgent(output: GenerationOutput) -> bool:
    """Say whether a reader waits for this one in particular."""
    return output.is_finished() or len(output.generated_tokens) < 2


class Batcher:
    """One manager with its thread. Every method may be called from any thread."""

    def __init__(self, weights: Weights, sizes: Sizes, deliver: Deliver) -> None:
        """Reserve the cache and start. Errors: InputError when the model or its cache can't."""
        self.eos = read_eos(weights)
        self._n_vocab = count_vocabulary(weights)
        config = ContinuousBatchingConfig(
            page_size=sizes.page,
            num_blocks=sizes.n_blocks,
            max_batch_tokens=sizes.batch_tokens,
            max_memory_percent=sizes.memory_share,
            auto_switch_to_flash=False,  # weights.py has chosen, and nothing is fetched
        )
        if weights.device == "cpu":
            prepare_model(weights.model)
        try:
            self._manager = make_manager(weights, config)
            self._manager.logit_processor = Chooser(is_captured=is_captured(self._manager))
            self._manager.output_router = Router(deliver)
            self._manager.warmup()
        except (ValueError, AttributeError, RuntimeError, MemoryError) as error:
            raise InputError(f"The model can't be served: {first_line(str(error))}") from error
        self._processor = self._manager.batch_processor
        replace_queue(self._processor)
        self.capacity = count_capacity(self._processor)
        self._manager.start()
        self._thread: threading.Thread | None = self._manager._generation_thread

    def is_running(self) -> bool:
        """Say whether the thread takes requests."""
        status = self._manager.background_thread_status
        has_thread = self._thread is not None and self._thread.is_alive()
        return has_thread and status.can_accept_new_requests() is None

    def check_ids(self, ids: Sequence[int]) -> None:
        """Raise InputError for a token that the model doesn't know: it would end the thread."""
        if min(ids) < 0 or max(ids) >= self._n_vocab:
            raise InputError(
                f"The tokenizer gives token {max(ids)}, and the model knows {self._n_vocab} only. "
                "They don't belong together."
            )

    def add(self, name: str, ids: Sequence[int], sampling: Sampling, eos: frozenset[int]) -> bool:
        """Queue a request; return False when the thread takes none (it would log the tokens)."""
        if not self.is_running():
            return False
        told = self._manager.add_request(
            list(ids),
            request_id=name,
            max_new_tokens=sampling.max_tokens,
            streaming=True,
            eos_token_id=sorted(eos),
            **translate(sampling),
        )
        return told is not None

    def cancel(self, name: str) -> None:
        """Take a request out of the queue or the batch, at the next step."""
        self._manager.cancel_request(name)

    def count(self) -> tuple[int, int]:
        """Return how many requests are computed, and how many wait."""
        if self._processor is None:
            return 0, 0
        scheduler = self._processor.scheduler
        n_waiting = len(scheduler.waiting_requests) + self._manager.input_queue.qsize()
        return len(scheduler.active_requests), n_waiting

    def count_pages(self) -> int:
        """Return how many pages of the cache requests hold."""
        if self._processor is None:
            return 0
        allocators = self._processor.cache.cache_allocators.values()
        return sum(len(pages) for one in allocators for pages in list(one.block_table.values()))

    def wait(self) -> BaseException | None:
        """Wait for the end of the thread; return what it died of."""
        if self._thread is not None:
            self._thread.join()
        error: BaseException | None = self._manager.background_thread_status.fatal_error
        return error

    def close(self) -> None:
        """Stop the thread and free the cache. Edge: a thread that is dead already is no error."""
        if self._thread is not None and self._thread.is_alive():
            self._manager.stop(block=True, timeout=STOP_S, hard_stop=True)
        self._manager.destroy()
        error = self._manager.background_thread_status.fatal_error
        if error is not None:  # its frames hold tensors
            traceback.clear_frames(error.__traceback__)
        self._processor = self._manager.batch_processor = None
        free_memory()
