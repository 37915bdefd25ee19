"""The engine with a real tiny model: what is asked is what comes, and leaving leaves nothing."""

import asyncio
import gc
import threading
import time
from contextlib import aclosing
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from transformers import LlamaForCausalLM, OPTConfig, OPTForCausalLM

from backend.dialogue import Sampling
from backend.errors import InputError
from backend.worker.engine import Engine, TooLong
from backend.worker.sizes import Sizes, choose_sizes, count_token_bytes, shrink
from backend.worker.weights import Weights, load_weights
from tests.tiny import make_llama, make_tokenizer

pytestmark = pytest.mark.slow

GREEDY = Sampling(temperature=0, max_tokens=24)
HOT = Sampling(temperature=5.0, max_tokens=60)
LONG = Sampling(temperature=1.0, max_tokens=400)
PROMPTS = ["### Instruction:", "USER: 你好 ASSISTANT:", "a"]
SMALL = Sizes(page=32, n_blocks=8, batch_tokens=64)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A model that never ends by itself."""
    loaded = load_weights(make_llama(tmp_path_factory.mktemp("models") / "llama"))
    return without_eos(loaded)


def without_eos(loaded):
    loaded.model.generation_config.eos_token_id = None
    loaded.model.config.eos_token_id = None
    loaded.tokenizer.eos_token = None
    return loaded


@pytest.fixture(scope="module")
def greedy(weights):
    """What `generate` answers greedily, in 24 tokens, before any engine's thread is there."""
    prompts = {prompt: weights.tokenizer(prompt).input_ids for prompt in PROMPTS}
    return {prompt: generate(weights.model, ids, 24) for prompt, ids in prompts.items()}


@pytest.fixture(scope="module")
def engine(weights, greedy):
    engine = Engine(weights)
    yield engine
    engine.close()


def encode(engine, text):
    return engine.weights.tokenizer(text).input_ids


async def read(engine, ids, sampling):
    return [piece async for piece in engine.generate(ids, sampling)]


async def read_text(engine, ids, sampling):
    return "".join(piece.text for piece in await read(engine, ids, sampling))


async def settle(engine, within_s=5.0):
    """Wait until the engine has nothing to do; return how long that took."""
    start = time.monotonic()
    while (engine.count().n_running or engine.count().n_waiting) and within_s:
        if time.monotonic() - start > within_s:
            raise AssertionError(f"still busy: {engine.count()}")
        await asyncio.sleep(0.005)
    return time.monotonic() - start


def generate(model, ids, n):
    """Return what `generate` answers greedily, with a twin: an engine's thread may be busy.

    Two threads in one model disturb each other's attention, which its config names; so that the
    twin has a config and an attention of its own.
    """
    twin = type(model)._from_config(deepcopy(model.config), attn_implementation="eager").eval()
    twin.load_state_dict(model.state_dict())
    with torch.no_grad():
        made = twin.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            do_sample=False,
            max_new_tokens=n,
            eos_token_id=None,
            pad_token_id=0,
        )
    return made[0, len(ids) :].tolist()


def check_greedy(engine, prompts):
    """Greedy answers, alone and beside hot ones, are those of `generate`."""
    tokenizer = engine.weights.tokenizer
    ids = [encode(engine, prompt) for prompt in prompts]

    async def ask():
        jobs = [read_text(engine, one, GREEDY) for one in ids]
        return await asyncio.gather(*jobs, *(read_text(engine, one, HOT) for one in ids))

    expected = [
        tokenizer.decode(generate(engine.weights.model, one, 24), skip_special_tokens=True)
        for one in ids
    ]
    assert asyncio.run(ask())[: len(ids)] == expected


def test_greedy_beside_hot_requests_equals_generate(engine):
    check_greedy(engine, PROMPTS)


def test_a_model_of_another_kind_answers_the_same_way():
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    config = OPTConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        ffn_dim=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=256,
        word_embed_proj_dim=64,
    )
    model = OPTForCausalLM(config).eval()
    engine = Engine(without_eos(Weights(model, tokenizer, 256, "cpu", "float32")))
    try:
        check_greedy(engine, PROMPTS)
    finally:
        engine.close()


def test_an_answer_has_exactly_the_tokens_that_were_asked_for(engine):
    pieces = asyncio.run(read(engine, encode(engine, "a"), HOT))
    assert (pieces[-1].finish, pieces[-1].n_tokens) == ("length", 60)
    assert all(piece.finish == "" for piece in pieces[:-1])


def test_top_k_of_one_is_greedy_and_zero_is_off(engine):
    ids = encode(engine, "a")
    cold = asyncio.run(read_text(engine, ids, GREEDY))
    first = asyncio.run(read_text(engine, ids, replace(GREEDY, temperature=5.0, top_k=1)))
    free = asyncio.run(read_text(engine, ids, replace(GREEDY, temperature=5.0, top_k=0)))
    assert (first, free != cold) == (cold, True)


def test_a_stop_string_ends_the_answer_before_itself(engine):
    ids = encode(engine, PROMPTS[0])
    whole = asyncio.run(read_text(engine, ids, GREEDY))
    stop = whole[len(whole) // 2 :][:3]
    pieces = asyncio.run(read(engine, ids, replace(GREEDY, stop=(stop,))))
    assert "".join(piece.text for piece in pieces) == whole[: whole.index(stop)]
    assert pieces[-1].finish == "stop"


def test_a_stop_token_of_the_format_ends_the_answer(engine, greedy):
    ids, told = encode(engine, PROMPTS[0]), greedy[PROMPTS[0]]
    stop = told[10]

    async def read_until():
        return [piece async for piece in engine.generate(ids, GREEDY, {stop})]

    pieces = asyncio.run(read_until())
    assert (pieces[-1].finish, pieces[-1].n_tokens) == ("stop", told.index(stop) + 1)


@pytest.mark.parametrize("kind", ["one", "list"])
def test_an_answer_ends_at_each_eos_of_the_model(weights, greedy, kind):
    ids, told = weights.tokenizer("a").input_ids, greedy["a"]
    eos = next(id_ for place, id_ in enumerate(told) if place > 3 and id_ not in told[:place])
    weights.model.generation_config.eos_token_id = eos if kind == "one" else [383, eos]
    engine = Engine(weights)
    try:
        pieces = asyncio.run(read(engine, ids, GREEDY))
    finally:
        engine.close()
        weights.model.generation_config.eos_token_id = None
    assert (pieces[-1].finish, pieces[-1].n_tokens) == ("stop", told.index(eos) + 1)
    assert "".join(piece.text for piece in pieces) == weights.tokenizer.decode(
        told[: told.index(eos)], skip_special_tokens=True
    )


def test_what_can_not_fit_is_refused_with_both_numbers_and_does_no_harm(engine):
    ids = [5] * 500
    with pytest.raises(TooLong, match=r"500 tokens and up to 13 more .* 513 in all.* takes 512"):
        asyncio.run(read(engine, ids, replace(HOT, max_tokens=13)))
    pieces = asyncio.run(read(engine, ids, replace(HOT, max_tokens=12)))
    assert (pieces[-1].finish, engine.alive) == ("length", True)


@pytest.mark.parametrize(
    ("ids", "max_tokens", "words"),
    [
        ([], 5, "needs a prompt"),
        ([5], 0, "at least one new token"),
        ([5, 100_000], 5, "gives token 100000, and the model knows"),
        ([-1], 5, "the model knows"),
    ],
)
def test_what_is_no_request_is_refused(engine, ids, max_tokens, words):
    with pytest.raises(InputError, match=words):
        asyncio.run(read(engine, ids, Sampling(max_tokens=max_tokens)))
    assert engine.alive


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=1e-30, top_p=0.0, max_tokens=5),
        Sampling(temperature=100.0, top_k=10**9, top_p=1e-9, max_tokens=5),
        Sampling(temperature=1, top_p=1, seed=3, stop=("", "\n"), max_tokens=5),
    ],
)
def test_no_parameters_end_the_engine(engine, sampling):
    pieces = asyncio.run(read(engine, [5], sampling))
    assert pieces[-1].finish in ("length", "stop")
    assert engine.alive


def test_a_late_reader_gets_everything_in_fewer_pieces(engine):
    async def read_late():
        pieces = []
        async for piece in engine.generate([5], replace(GREEDY, max_tokens=60)):
            pieces.append(piece)
            await asyncio.sleep(0.2)
        return pieces

    pieces = asyncio.run(read_late())
    whole = asyncio.run(read_text(engine, [5], replace(GREEDY, max_tokens=60)))
    assert "".join(piece.text for piece in pieces) == whole
    assert len(pieces) < 40  # some 5 where nothing else runs


def test_counts_grow_with_the_work(engine):
    before = engine.count()
    asyncio.run(read(engine, [5] * 7, replace(GREEDY, max_tokens=9)))
    after = engine.count()
    assert after.n_requests - before.n_requests == 1
    assert after.n_prompt_tokens - before.n_prompt_tokens == 7
    assert after.n_tokens - before.n_tokens == 9


async def leave_after(engine, n_pieces):
    """Read some pieces and close the generator; none leaves before the first."""
    async with aclosing(engine.generate([5] * 40, LONG)) as pieces:
        for _ in range(n_pieces):
            await anext(pieces)


async def cancel_after(engine, seconds):
    """Cancel the task that reads, wherever it is."""
    task = asyncio.create_task(read(engine, [5] * 40, LONG))
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def drop(engine):
    """Forget a generator without closing it."""
    pieces = engine.generate([5] * 40, LONG)
    await anext(pieces)
    del pieces
    gc.collect()


def abort(engine, number):
    """Leave in one of several ways."""
    ways = [
        lambda: leave_after(engine, 0),
        lambda: leave_after(engine, 1),
        lambda: leave_after(engine, 3),
        lambda: cancel_after(engine, 0),
        lambda: cancel_after(engine, 0.001 * (number % 30)),
        lambda: drop(engine),
    ]
    return ways[number % len(ways)]()


def test_a_hundred_aborted_chats_leave_nothing(engine):
    async def abort_all():
        await asyncio.gather(*(abort(engine, number) for number in range(100)))
        await settle(engine)  # 400 tokens for each would take longer

    asyncio.run(read(engine, [5], GREEDY))
    n_threads = threading.active_count()
    asyncio.run(abort_all())
    assert (engine.count_pages(), engine._feeds) == (0, {})
    assert threading.active_count() <= n_threads
    assert asyncio.run(read(engine, [5], GREEDY))[-1].finish == "length"


def test_a_cancel_that_overtakes_its_request_is_not_lost(engine, weights):
    """The manager forgets a cancel whose request it has not seen yet; nobody reads this one."""
    steps = []
    hook = weights.model.register_forward_pre_hook(lambda *_: steps.append(None))

    async def overtake():
        engine._loop = asyncio.get_running_loop()
        engine._batcher.cancel("ghost")
        await asyncio.sleep(0.3)
        engine._batcher.add("ghost", [5], LONG, frozenset())
        await asyncio.sleep(0.05)
        await settle(engine)

    asyncio.run(overtake())
    n_steps = len(steps)
    asyncio.run(read(engine, [5], GREEDY))
    hook.remove()
    assert n_steps < LONG.max_tokens // 2 and len(steps) >= n_steps + GREEDY.max_tokens
    assert engine.count_pages() == 0


async def crowd(engine):
    """Ask for more than the cache holds until the manager takes some out; leave all of them."""
    tasks = [asyncio.create_task(read(engine, [5] * 30, LONG)) for _ in range(6)]
    while not engine._batcher._manager.batch_processor.scheduler.block_new_requests:
        await asyncio.sleep(0.001)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def test_a_full_cache_whose_readers_all_leave_answers_the_next(weights):
    """The manager takes nobody new while the cache is full, until one ends; leaving is an end."""
    engine = Engine(weights, sizes=replace(SMALL, n_blocks=16))

    async def ask_after_all():
        await asyncio.wait_for(crowd(engine), 20)
        return await asyncio.wait_for(read(engine, [5], GREEDY), 5)

    assert asyncio.run(ask_after_all())[-1].finish == "length"
    engine.close()


class Unchecked(Engine):
    """An engine that asks the model for anything."""

    def check_fit(self, n_prompt, max_tokens):
        pass


def test_without_the_check_a_prompt_that_can_not_fit_ends_the_engine(weights):
    """Why check_fit is there: this is the same engine without it."""
    engine = Unchecked(weights, sizes=SMALL)
    assert engine.limit == 256
    try:
        last = asyncio.run(read(engine, [5] * 300, LONG))[-1]
        after = asyncio.run(read(engine, [5], GREEDY))[-1]
    finally:
        engine.close()
    assert (last.finish, after.finish, engine.alive) == ("failed", "failed", False)
    assert "The cause: No requests can be scheduled" in last.detail


class Failing(LlamaForCausalLM):
    """A model that fails once when it is told how, after some steps; it can also be slow."""

    fault, n_steps, step_s = None, 0, 0.0
    failed_at = None

    def forward(self, *args, **words):
        time.sleep(self.step_s)
        self.n_steps -= 1
        if self.fault and self.n_steps < 0:
            fault, self.fault, self.failed_at = self.fault, None, time.monotonic()
            raise fault
        return super().forward(*args, **words)


def make_failing(weights):
    model = Failing(weights.model.config).eval()
    return Engine(replace(weights, model=model), sizes=SMALL), model


def test_every_reader_is_told_at_once_when_the_thread_dies(weights):
    engine, model = make_failing(weights)
    model.fault, model.n_steps = RuntimeError("boom"), 20

    async def provoke():
        long = replace(LONG, max_tokens=200)
        pieces = await asyncio.gather(*(read(engine, [5], long) for _ in range(12)))
        return [one[-1] for one in pieces], time.monotonic() - model.failed_at

    try:
        last, took = asyncio.run(asyncio.wait_for(provoke(), 60))
    finally:
        engine.close()
    assert {(one.finish, one.detail) for one in last} == {("failed", engine_died("boom"))}
    assert took < 3  # some hundredths of a second where nothing else runs
    assert not engine.alive


def engine_died(of):
    return f"The model has stopped working. Start it again. The cause: {of}"


def test_an_engine_out_of_memory_starts_anew_once(weights):
    engine, model = make_failing(weights)
    try:
        failed, answered = asyncio.run(starve(engine, model))
        assert (failed.finish, answered.finish) == ("failed", "length")
        assert "ran out of memory" in failed.detail
        assert engine.sizes == shrink(SMALL)
        failed, answered = asyncio.run(starve(engine, model, patience_s=1))
        assert (failed.finish, answered.finish, engine.alive) == ("failed", "failed", False)
    finally:
        engine.close()


async def starve(engine, model, patience_s=30):
    """Run out of memory; return how that request ended, and the next one after a while."""
    model.fault = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
    failed = await read(engine, [5], GREEDY)
    while engine.alive:  # a reader may hear of it first
        await asyncio.sleep(0.01)
    deadline = time.monotonic() + patience_s
    while not engine.alive and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return failed[-1], (await read(engine, [5], GREEDY))[-1]


def test_closing_tells_whoever_reads_and_ends_the_threads(weights):
    n_threads = threading.active_count()
    engine, model = make_failing(weights)
    model.step_s = 0.02  # slow enough, so that no answer is over before it is closed

    async def close():
        reading = asyncio.create_task(read(engine, [5], replace(LONG, max_tokens=200)))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(engine.close)
        return await reading

    last = asyncio.run(close())[-1]
    assert (last.finish, last.detail) == ("failed", "The model is being stopped.")
    assert (engine.alive, engine.count().n_running) == (False, 0)
    engine.close()
    deadline = time.monotonic() + 5
    while threading.active_count() > n_threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= n_threads


def test_sizes_on_a_cpu_are_bounded_and_hold_a_whole_context(weights):
    sizes = choose_sizes(weights)
    assert sizes.n_blocks * sizes.page == 16 * 1024
    assert count_token_bytes(weights) == 2 * 2 * 64 * 4
    little = choose_sizes(weights, memory_share=1e-7)
    assert little.n_blocks < 100


def test_a_cache_that_is_too_large_for_the_memory_is_told(weights):
    with pytest.raises(InputError, match="can't be served"):
        Engine(weights, sizes=Sizes(page=32, n_blocks=10**9, batch_tokens=64))
