"""The protocol as the real openai client speaks it, to a real worker with a tiny model."""

import asyncio

import openai
import pytest

from tests.backend.worker.running import run_worker
from tests.tiny import make_llama

pytestmark = pytest.mark.slow

ASKED = [{"role": "user", "content": "Name three colours."}]
GREEDY = {"model": "tiny", "temperature": 0, "max_tokens": 12}


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    folder = make_llama(tmp_path_factory.mktemp("weights") / "tiny")
    with run_worker(folder, "--template", "alpaca") as worker:
        yield worker


@pytest.fixture(scope="module")
def client(worker):
    with openai.OpenAI(base_url=f"{worker.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_the_model_is_found_under_its_folder_s_name(client):
    assert [model.id for model in client.models.list()] == ["tiny"]
    assert client.models.retrieve("tiny").owned_by == "camelid"
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(messages=ASKED, model="gpt-4")
    assert caught.value.code == "model_not_found"


def test_streamed_and_whole_are_the_same_answer(client):
    whole = client.chat.completions.create(messages=ASKED, **GREEDY)
    with client.chat.completions.create(messages=ASKED, stream=True, **GREEDY) as stream:
        chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content != ""
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason == "length"


def test_usage_is_what_was_fed_and_made(client, worker):
    counted = worker.post("/tokenize", {"model": "tiny", "messages": ASKED}).json()
    whole = client.chat.completions.create(messages=ASKED, n=2, **GREEDY)
    assert whole.usage.prompt_tokens == counted["count"] == len(counted["tokens"])
    assert whole.usage.completion_tokens == 24
    *_, last = client.chat.completions.create(
        messages=ASKED, stream=True, stream_options={"include_usage": True}, **GREEDY
    )
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (counted["count"], 12)


def test_several_answers_have_their_places(client):
    chunks = list(
        client.chat.completions.create(
            model="tiny", messages=ASKED, n=3, stream=True, max_tokens=8, temperature=1.5
        )
    )
    assert {chunk.choices[0].index for chunk in chunks} == {0, 1, 2}
    ends = [chunk.choices[0].index for chunk in chunks if chunk.choices[0].finish_reason]
    assert sorted(ends) == [0, 1, 2]


def test_a_stop_string_ends_an_answer_and_is_not_in_it(client):
    text = client.chat.completions.create(messages=ASKED, **GREEDY).choices[0].message.content
    stop = text[3:5]
    answer = client.chat.completions.create(messages=ASKED, stop=[stop, "never"], **GREEDY)
    assert answer.choices[0].message.content == text[: text.index(stop)]
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens < 12


def test_a_text_is_completed(client):
    chat = client.chat.completions.create(messages=ASKED, **GREEDY)
    prompt = (
        "Below is an instruction that describes a task. Write a response that appropriately "
        "completes the request.\n\n### Instruction:\nName three colours.\n\n### Response:"
    )
    text = client.completions.create(prompt=prompt, **GREEDY)
    assert text.choices[0].text == chat.choices[0].message.content
    assert text.usage.prompt_tokens == chat.usage.prompt_tokens
    parts = [chunk.choices[0].text for chunk in client.completions.create(
        prompt=prompt, stream=True, **GREEDY)]  # fmt: skip
    assert "".join(parts) == text.choices[0].text


def test_texts_and_token_ids_are_completed(client, worker):
    tokens = worker.post("/tokenize", {"prompt": "Hello"}).json()["tokens"]
    by_ids = client.completions.create(prompt=tokens, **GREEDY)
    by_text = client.completions.create(prompt=["Hello", "Good day"], **GREEDY)
    assert by_ids.choices[0].text == by_text.choices[0].text
    assert [choice.index for choice in by_text.choices] == [0, 1]


def test_extensions_pass_through_the_client(client):
    asked = [{"role": "user", "content": "Sum up.", "input": "One. Two."}]
    with_input = client.chat.completions.create(messages=asked, extra_body={"top_k": 3}, **GREEDY)
    other = client.chat.completions.create(
        messages=ASKED, extra_body={"template": "vicuna_v1.1"}, **GREEDY
    )
    plain = client.chat.completions.create(messages=ASKED, **GREEDY)
    counts = {answer.usage.prompt_tokens for answer in (with_input, other, plain)}
    assert len(counts) == 3


def test_what_can_not_fit_leaves_the_engine_alive(client, worker):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model="tiny", messages=[{"role": "user", "content": "long " * 800}], max_tokens=10
        )
    assert caught.value.code == "context_length_exceeded" and "512" in str(caught.value)
    assert worker.post("/v1/chat/completions", {"messages": ASKED, **GREEDY}).status_code == 200


def test_whoever_sends_far_too_much_hears_so(client):
    """Its connection was cut while it still sent, so that it took the worker for dead."""
    messages = [{"role": "user", "content": "a " * 4_000_000}]
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model="tiny", messages=messages)
    assert raised.value.status_code == 413


def test_a_function_that_is_not_there_is_named(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(messages=ASKED, logprobs=True, **GREEDY)
    assert caught.value.param == "logprobs"


def test_many_ask_at_the_same_time(worker):
    async def go():
        async with openai.AsyncOpenAI(base_url=f"{worker.url}/v1", api_key="none") as client:
            asking = [
                client.chat.completions.create(
                    model="tiny",
                    messages=[{"role": "user", "content": f"Number {n % 2}"}],
                    temperature=0,
                    max_tokens=10,
                )
                for n in range(12)
            ]
            return await asyncio.gather(*asking)

    texts = [answer.choices[0].message.content for answer in asyncio.run(go())]
    assert texts[::2] == [texts[0]] * 6 and texts[1::2] == [texts[1]] * 6


def test_an_async_stream_can_be_left(worker):
    async def go():
        async with openai.AsyncOpenAI(base_url=f"{worker.url}/v1", api_key="none") as client:
            stream = await client.chat.completions.create(
                model="tiny", messages=ASKED, stream=True, max_tokens=400, temperature=1.5
            )
            async for _chunk in stream:
                break
            await stream.close()

    asyncio.run(go())
    text = worker.post("/v1/chat/completions", {"messages": ASKED, **GREEDY}).json()
    assert text["usage"]["completion_tokens"] == 12
