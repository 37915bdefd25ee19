"""The routes in front of an engine that says what it is told."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.worker.attend import Patience
from backend.worker.protocol import ChatBody, TextBody
from tests.backend.worker.fakes import FakeEngine, ask, call, chat, make_app

pytestmark = pytest.mark.slow  # loads transformers

CHAT = "/v1/chat/completions"
TEXT = "/v1/completions"


async def score_lengths(rows):
    return [float(len(row)) for row in rows]


def test_a_chat_is_answered():
    answered = ask(CHAT, chat(), FakeEngine())
    assert answered.status == 200
    assert answered.json["choices"][0]["message"]["content"] == "Hello there"
    assert answered.json["choices"][0]["finish_reason"] == "stop"


def test_usage_counts_what_was_fed_and_what_was_made():
    engine = FakeEngine()
    usage = ask(CHAT, chat(n=3), engine).json["usage"]
    n_prompt = len(engine.asked[0][0])
    assert usage == {
        "prompt_tokens": n_prompt,
        "completion_tokens": 6,
        "total_tokens": n_prompt + 6,
    }


def test_parameters_reach_the_engine():
    engine = FakeEngine()
    more = {"temperature": 0.3, "top_p": 0.8, "top_k": 7, "max_tokens": 9, "stop": "END", "seed": 4}
    ask(CHAT, chat(**more), engine)
    sampling = engine.asked[0][1]
    assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.3, 0.8, 7)
    assert (sampling.max_tokens, sampling.stop, sampling.seed) == (9, ("END",), 4)


def test_a_template_brings_its_stop_strings():
    engine = FakeEngine()
    ask(CHAT, chat(template="vicuna_v0", stop=["END"]), engine)
    assert engine.asked[0][1].stop == ("END", "\n###", "###")


def test_without_max_tokens_the_rest_of_the_context_is_taken():
    engine = FakeEngine(limit=100)
    ask(CHAT, chat(), engine)
    ids, sampling = engine.asked[0]
    assert sampling.max_tokens == 100 - len(ids)
    engine = FakeEngine(limit=5000)
    ask(CHAT, chat(), engine)
    assert engine.asked[0][1].max_tokens == 1024


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (CHAT, chat(max_tokens=500), "messages"),
        (CHAT, chat("long " * 500), "messages"),
        (TEXT, {"prompt": "long " * 500}, "prompt"),
        (TEXT, {"prompt": [1] * 600, "max_tokens": 1}, "prompt"),
    ],
)
def test_what_can_not_fit_is_told_with_both_numbers(path, body, param):
    engine = FakeEngine()
    answered = ask(path, body, engine)
    assert answered.status == 400 and engine.asked == []
    assert (answered.error["code"], answered.error["param"]) == ("context_length_exceeded", param)
    assert "512" in answered.error["message"]


def test_another_model_is_not_here():
    answered = ask(CHAT, {**chat(), "model": "gpt-4"}, FakeEngine())
    assert (answered.status, answered.error["code"]) == (404, "model_not_found")
    assert "'gpt-4'" in answered.error["message"] and "'tiny'" in answered.error["message"]


def test_another_template_can_be_asked_for():
    plain, other = FakeEngine(), FakeEngine()
    ask(CHAT, chat(), plain)
    ask(CHAT, chat(template="vicuna_v1.1"), other)
    assert plain.asked[0][0] != other.asked[0][0]


def test_a_template_that_is_not_there_is_refused():
    answered = ask(CHAT, chat(template="../../etc/passwd"), FakeEngine())
    assert (answered.status, answered.error["param"]) == (400, "template")


def test_a_chat_that_a_template_can_not_hold_is_refused():
    said = [{"role": "assistant", "content": "Hi"}, {"role": "assistant", "content": "Hi"}]
    answered = ask(CHAT, chat(messages=said), FakeEngine())
    assert (answered.status, answered.error["param"]) == (400, "messages")


def test_texts_are_completed_in_their_order():
    engine = FakeEngine()
    answered = ask(TEXT, {"prompt": ["one", "two"], "n": 2, "max_tokens": 4}, engine)
    assert [choice["index"] for choice in answered.json["choices"]] == [0, 1, 2, 3]
    assert engine.asked[0][0] == engine.asked[1][0] != engine.asked[2][0]


def test_token_ids_are_fed_as_they_are():
    engine = FakeEngine()
    ask(TEXT, {"prompt": [1, 50, 2], "max_tokens": 4}, engine)
    assert engine.asked[0][0] == [1, 50, 2]


def test_an_id_that_the_model_has_not_is_refused():
    answered = ask(TEXT, {"prompt": [1, 384], "max_tokens": 4}, FakeEngine())
    assert answered.status == 400 and "384" in answered.error["message"]


def test_too_many_answers_at_once_are_refused():
    answered = ask(TEXT, {"prompt": ["x"] * 16, "n": 5, "max_tokens": 1}, FakeEngine())
    assert (answered.status, answered.error["param"]) == (400, "n")


@pytest.mark.parametrize(
    ("path", "body", "asked"),
    [
        (CHAT, chat("</s> ### Response: USER:"), chat("</s> ### Response: USER:")),
        (TEXT, {"prompt": "</s> USER:", "max_tokens": 4}, {"prompt": "</s> USER:"}),
    ],
)
def test_counted_tokens_are_the_ones_that_are_fed(path, body, asked):
    engine = FakeEngine()
    ask(path, body, engine)
    told = ask("/tokenize", asked, FakeEngine()).json
    assert told["tokens"] == engine.asked[0][0]
    assert told["count"] == len(told["tokens"]) and told["max_model_len"] == 512


def test_an_answer_can_be_counted_too():
    said = [*chat()["messages"], {"role": "assistant", "content": "Hi"}]
    whole = ask("/tokenize", {"messages": said, "add_generation_prompt": False}, FakeEngine()).json
    begun = ask("/tokenize", chat(), FakeEngine()).json
    assert whole["tokens"][: begun["count"]] == begun["tokens"] and whole["tokens"][-1] == 2


def test_a_text_without_a_begin_token_can_be_counted():
    tokens = [
        ask("/tokenize", {"prompt": "Hi", "add_special_tokens": add}, FakeEngine()).json["tokens"]
        for add in (True, False)
    ]
    assert tokens[0] == [1, *tokens[1]]


def test_the_model_is_listed():
    listed = ask("/v1/models", None, FakeEngine()).json
    assert [model["id"] for model in listed["data"]] == ["tiny"]
    one = ask("/v1/models/tiny", None, FakeEngine()).json
    same = {"created": 0}  # another worker, perhaps a second later
    assert one | same == listed["data"][0] | same
    assert ask("/v1/models/no/such", None, FakeEngine()).status == 404


def test_a_worker_that_is_being_stopped_is_not_well():
    """Who wants an answer starts another one then, and does not run into the end of this one."""

    async def look():
        closing = asyncio.get_running_loop().create_future()
        app = make_app(FakeEngine(), patience=Patience(60, closing))
        before = await call(app, "/health")
        closing.set_result(None)
        return before.status, (await call(app, "/health")).status

    assert asyncio.run(look()) == (200, 503)


def test_health_is_the_engine_s():
    engine = FakeEngine()
    assert ask("/health", None, engine).status == 200
    engine.alive, engine.cause = False, "out of memory"
    answered = ask("/health", None, engine)
    assert answered.status == 503 and "out of memory" in answered.error["message"]


def test_metrics_tell_outcomes():
    async def go():
        engine = FakeEngine(finish="length")
        app = make_app(engine)
        await call(app, CHAT, chat(n=2))
        await call(app, CHAT, {})
        return (await call(app, "/metrics")).body.decode(), len(engine.asked[0][0])

    text, n_prompt = asyncio.run(go())
    assert 'camelid_requests_total{outcome="length"} 2\n' in text
    assert f"camelid_prompt_tokens_total {n_prompt}\n" in text
    assert "camelid_generated_tokens_total 4\n" in text
    assert 'camelid_refusals_total{status="400"} 1\n' in text


def test_too_busy_is_told_and_may_be_tried_again():
    engine = FakeEngine()
    engine.n_open = 512
    answered = ask(CHAT, chat(), engine)
    assert (answered.status, answered.error["code"]) == (503, "busy")
    assert "x-should-retry" not in answered.headers


@pytest.mark.parametrize(
    ("body", "n_scores"),
    [
        (
            chat(
                messages=[{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
            ),
            1,
        ),
        ({"prompt": "q", "answers": ["a", "bb", "ccc"]}, 3),
        ({"prompt": "q", "input": "more", "answers": "a"}, 1),
        ({"text_1": "q", "text_2": ["a", "bb"]}, 2),
    ],
)
def test_a_reward_model_gives_scores(body, n_scores):
    answered = ask("/score", body, score=score_lengths)
    scores = [row["score"] for row in answered.json["data"]]
    assert len(scores) == n_scores and scores == sorted(scores)
    assert answered.json["usage"]["prompt_tokens"] == sum(scores)


def test_a_score_is_about_the_whole_chat():
    asked = {"prompt": "q", "answers": ["a"]}
    said = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    told = ask("/tokenize", {"messages": said, "add_generation_prompt": False}, FakeEngine()).json
    scores = ask("/score", asked, score=score_lengths).json["data"]
    assert scores[0]["score"] == told["count"]


def test_a_text_that_is_too_long_gets_no_score():
    answered = ask("/score", {"prompt": "q", "answers": ["long " * 300]}, score=score_lengths)
    assert (answered.status, answered.error["code"]) == (400, "context_length_exceeded")


@pytest.mark.parametrize(("path", "body"), [(CHAT, chat()), (TEXT, {"prompt": "x"})])
def test_a_reward_model_answers_nothing(path, body):
    answered = ask(path, body, score=score_lengths)
    assert answered.status == 404 and "/score" in answered.error["message"]


def test_a_chat_model_scores_nothing():
    answered = ask("/score", {"prompt": "q", "answers": ["a"]}, FakeEngine())
    assert answered.status == 404 and "chat model" in answered.error["message"]


@pytest.mark.parametrize(("path", "method", "status"), [("/v2", "GET", 404), (CHAT, "GET", 405)])
def test_a_route_that_is_not_there_is_told_in_the_same_shape(path, method, status):
    answered = ask(path, None, FakeEngine(), method=method)
    assert answered.status == status
    assert set(answered.error) == {"message", "type", "param", "code"}


WORD = st.text(max_size=8) | st.sampled_from(["user", "tiny", "alpaca", "text", "assistant"])
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORD,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "type", "text"]), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = {*ChatBody.model_fields, *TextBody.model_fields, "input"}
FIELDS = st.sampled_from(sorted(NAMES))
BODIES = st.binary(max_size=60) | st.dictionaries(FIELDS, VALUE, max_size=6)


@given(path=st.sampled_from([CHAT, TEXT, "/tokenize", "/score"]), body=BODIES)
def test_nothing_that_is_sent_breaks_a_route(path, body):
    engine = None if path == "/score" else FakeEngine()
    answered = ask(path, body, engine, score=None if engine else score_lengths)
    assert answered.status in (200, 400, 404)


@given(said=st.text(max_size=30), extra=st.dictionaries(FIELDS, VALUE, max_size=2))
def test_any_chat_is_answered_or_refused(said, extra):
    answered = ask(CHAT, {**extra, **chat(said)}, FakeEngine())
    assert answered.status in (200, 400, 404)
