"""What stands between the manager and its readers: results are handed on, and none is kept."""

import pytest
from transformers.generation.continuous_batching.requests import GenerationOutput, RequestStatus

from backend.worker.batching import LONGEST_PAUSE_S, SHORTEST_PAUSE_S, Router, choose_pause


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def seen():
    return []


@pytest.fixture
def router(seen, clock):
    router = Router(lambda outputs: seen.append([show(one) for one in outputs]), clock)
    router.deliver_batch([output("a", 1)])
    seen.clear()
    return router


def output(name, n_tokens, status=RequestStatus.DECODING):
    return GenerationOutput(request_id=name, generated_tokens=[5] * n_tokens, status=status)


def show(one):
    return one.request_id, len(one.generated_tokens)


def test_tokens_that_come_fast_are_handed_on_together(router, seen, clock):
    router.deliver_batch([output("a", 2)])
    router.deliver_batch([output("a", 3)])
    assert seen == []
    clock.now += SHORTEST_PAUSE_S
    router.deliver_batch([output("a", 4)])
    assert seen == [[("a", 4)]]


def test_tokens_that_come_slowly_are_handed_on_one_by_one(router, seen, clock):
    for n_tokens in (2, 3):
        clock.now += SHORTEST_PAUSE_S
        router.deliver_batch([output("a", n_tokens)])
    assert seen == [[("a", 2)], [("a", 3)]]


@pytest.mark.parametrize(
    "urgent",
    [output("b", 1), output("b", 9, RequestStatus.FINISHED), output("b", 0, RequestStatus.FAILED)],
)
def test_a_first_and_a_last_token_wait_for_nothing(router, seen, urgent):
    router.deliver_batch([output("a", 2)])
    router.deliver(urgent)
    assert seen == [[show(urgent)]]


def test_the_more_readers_the_longer_the_pause_up_to_a_limit():
    pauses = [choose_pause(n_readers) for n_readers in (1, 4, 16, 1000)]
    assert pauses == [SHORTEST_PAUSE_S, SHORTEST_PAUSE_S, 0.08, LONGEST_PAUSE_S]


def test_nothing_is_kept_once_it_was_handed_on(router, seen):
    router.deliver_batch([output("a", 2), output("a", 3, RequestStatus.FINISHED)])
    router.deliver(output("b", 1))
    router.deliver(output("a", 4, RequestStatus.FINISHED))
    assert seen == [[("a", 3)], [("b", 1)], [("a", 4)]]
    assert router.output_queue.empty()
