"""Looking after a request: it ends with its work, its client, its time, or the worker."""

import asyncio

import pytest

from backend.worker.attend import Beginning, Gone, Patience
from backend.worker.faults import Fault
from tests.backend.worker.fakes import Piece


async def stay():
    """A client that waits."""
    await asyncio.Event().wait()


async def leave():
    """A client that has gone."""
    return {"type": "http.disconnect"}


async def work_on(log):
    try:
        await asyncio.sleep(10)
    finally:
        await asyncio.sleep(0)  # letting go may take a moment
        log.append("let go")


def attend(work, receive, *, limit_s=10.0, closing=False):
    async def go():
        closed = asyncio.get_running_loop().create_future()
        if closing:
            closed.set_result(None)
        result = await Patience(limit_s, closed).attend(work, receive)
        return result, len(asyncio.all_tasks())

    return asyncio.run(go())


def test_finished_work_is_handed_on():
    async def work():
        return 7

    assert attend(work(), stay) == (7, 1)


def test_a_fault_is_handed_on():
    async def work():
        raise Fault("no")

    with pytest.raises(Fault, match="no"):
        attend(work(), stay)


@pytest.mark.parametrize(
    ("receive", "words", "expected"),
    [
        (leave, {}, Gone),
        (stay, {"limit_s": 0.01}, Fault),
        (stay, {"closing": True}, Fault),
    ],
)
def test_work_has_let_go_before_it_is_given_up(receive, words, expected):
    log = []
    with pytest.raises(expected):
        attend(work_on(log), receive, **words)
    assert log == ["let go"]


def test_who_cancels_the_request_cancels_the_work():
    log = []

    async def go():
        closed = asyncio.get_running_loop().create_future()
        asking = asyncio.create_task(Patience(10, closed).attend(work_on(log), stay))
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(go())
    assert log == ["let go"]


@pytest.mark.parametrize(
    ("lead", "parts", "shown"),
    [
        ("", [" a"], [" a"]),
        (" ", [" a", " b"], ["a", " b"]),
        (" ", [" ", " a"], ["", " a"]),
        ("\n\n", ["\n", "\n", "a"], ["", "", "a"]),
        ("\n\n", ["\n", "a"], ["", "\na"]),
        (" ", ["a"], ["a"]),
    ],
)
def test_what_the_format_has_before_an_answer_is_no_part_of_it(lead, parts, shown):
    beginning = Beginning(lead)
    pieces = [Piece(text, n, "stop" if n == len(parts) else "") for n, text in enumerate(parts, 1)]
    assert [beginning.push(piece).text for piece in pieces] == shown
