"""Answers while they are made: events, ends, failures, and clients that leave."""

import asyncio

import httpx2
import openai
import pytest

from backend.worker.attend import Patience
from tests.backend.worker.fakes import FakeEngine, ask, call, chat, make_app

CHAT = "/v1/chat/completions"


def stream(engine, **more):
    return ask(CHAT, chat(stream=True, **more), engine)


def test_a_stream_begins_with_the_role_and_ends_with_done():
    events = stream(FakeEngine()).events
    deltas = [event["choices"][0]["delta"] for event in events[:-1]]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"content": "Hello"},
        {"content": " there"},
        {},
    ]
    assert events[-2]["choices"][0]["finish_reason"] == "stop" and events[-1] == "[DONE]"


def test_a_stream_says_what_it_is():
    answered = stream(FakeEngine())
    assert answered.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert len({event["id"] for event in answered.events[:-1]}) == 1


@pytest.mark.parametrize(
    "text", ['"', "\n\n", "data: [DONE]\n\n", "你好", "\x00", "\u2028", "</s>"]
)
def test_any_text_passes_through_an_event(text):
    events = stream(FakeEngine([text])).events
    assert events[1]["choices"][0]["delta"]["content"] == text


def test_usage_comes_last_when_it_is_asked_for():
    events = stream(FakeEngine(), stream_options={"include_usage": True}, n=2).events
    assert [event["usage"] for event in events[:-2]] == [None] * (len(events) - 2)
    assert events[-2]["choices"] == [] and events[-2]["usage"]["completion_tokens"] == 4
    assert "usage" not in stream(FakeEngine()).events[0]


def test_every_choice_has_its_own_place():
    events = stream(FakeEngine(["a", "b", "c"]), n=3).events[:-1]
    texts = {0: "", 1: "", 2: ""}
    for event in events:
        texts[event["choices"][0]["index"]] += event["choices"][0]["delta"].get("content", "")
    assert texts == {0: "abc", 1: "abc", 2: "abc"}


@pytest.mark.parametrize("n", [1, 2])
def test_a_failure_in_the_middle_is_an_error_and_no_end(n):
    engine = FakeEngine(fail_at=1)
    events = stream(engine, n=n).events
    assert "out of memory" in events[-1]["error"]["message"] and "[DONE]" not in events
    assert engine.n_open == 0


def read_with_openai(engine):
    """Return what the real client reads of a stream."""

    async def go():
        transport = httpx2.ASGITransport(make_app(engine))
        async with (
            httpx2.AsyncClient(transport=transport) as http,
            openai.AsyncOpenAI(
                base_url="http://localhost/v1", api_key="none", http_client=http
            ) as client,
        ):
            stream = await client.chat.completions.create(
                model="tiny", messages=chat()["messages"], stream=True
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    return asyncio.run(go())


def test_the_openai_client_raises_what_failed_in_the_middle():
    assert read_with_openai(FakeEngine()) == "Hello there"
    with pytest.raises(openai.APIError, match="out of memory"):
        read_with_openai(FakeEngine(fail_at=1))


@pytest.mark.parametrize("streamed", [True, False])
def test_a_failure_before_the_first_token_has_a_status(streamed):
    answered = ask(CHAT, chat(stream=streamed), FakeEngine(fail_at=0))
    assert (answered.status, answered.error["code"]) == (500, "generation_failed")
    assert answered.headers["x-should-retry"] == "false"


def test_an_engine_that_ends_without_an_end_has_failed():
    answered = ask(CHAT, chat(), FakeEngine(finish=""))
    assert answered.status == 500


class Deaf(Patience):
    """Attends to a request without noticing that its client leaves."""

    async def attend(self, work, receive):
        return await work


def leave_in_the_middle(patience=None, **more):
    """Ask for a long answer and go away; return the engine, what came, and the metrics."""

    async def go():
        engine = FakeEngine(["word"] * 200, wait_s=0.001)
        app = make_app(engine, patience=patience)
        leave = asyncio.Event()
        asking = asyncio.create_task(call(app, CHAT, chat(**more), leave=leave))
        while not engine.n_open:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        leave.set()
        answered = await asyncio.wait_for(asking, 10)
        return engine, answered, (await call(app, "/metrics")).body.decode()

    return asyncio.run(go())


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("n", [1, 3])
def test_a_client_that_leaves_ends_its_requests(streamed, n):
    engine, answered, metrics = leave_in_the_middle(stream=streamed, n=n)
    assert engine.n_open == 0 and engine.n_left == n
    assert b"[DONE]" not in answered.body
    assert f'camelid_requests_total{{outcome="aborted"}} {n}\n' in metrics


@pytest.mark.parametrize("streamed", [True, False])
def test_a_worker_that_is_deaf_would_work_for_nobody(streamed):
    """The control: without the watch, the answer is made to its end."""
    engine, _, metrics = leave_in_the_middle(Deaf(60, None), stream=streamed)
    assert engine.n_left == 0
    assert 'camelid_requests_total{outcome="stop"} 1\n' in metrics


@pytest.mark.parametrize("streamed", [True, False])
def test_an_answer_that_takes_too_long_is_cut_off(streamed):
    engine = FakeEngine(["word"] * 1000, wait_s=0.001)
    answered = ask(CHAT, chat(stream=streamed), engine, max_s=0.05)
    error = answered.events[-1]["error"] if streamed else answered.error
    assert error["code"] == "timeout" and "0.05 seconds" in error["message"]
    assert engine.n_open == 0


def test_a_worker_that_is_stopped_says_so_in_open_answers():
    async def go():
        engine = FakeEngine(["word"] * 1000, wait_s=0.001)
        closing = asyncio.get_running_loop().create_future()
        app = make_app(engine, patience=Patience(60, closing))
        asking = [
            asyncio.create_task(call(app, CHAT, chat(stream=streamed)))
            for streamed in (True, False)
        ]
        await asyncio.sleep(0.05)
        closing.set_result(None)
        return await asyncio.gather(*asking)

    streamed, whole = asyncio.run(go())
    assert streamed.events[-1]["error"]["code"] == "shutting_down"
    assert (whole.status, whole.error["code"]) == (503, "shutting_down")
