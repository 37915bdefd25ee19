"""What carries loss: exactly the answers and their end marks, in the worker's own ids."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.dialogue import Message
from backend.errors import InputError
from backend.templates import read_template
from backend.templates.tokens import Encoder
from backend.worker.prompts import Prompter
from tests.backend.templates.makers import make_legacy, make_sentencepiece
from tests.tiny import make_tokenizer
from training.data import detect_shape, read_examples, read_pairs
from training.devices import Machine
from training.jobs import create_job
from training.orders import Order
from training.recipe import Recipe, Tiny
from training.rows import Example
from training.run.look import show_tokens
from training.run.prepare import encode_example, prepare

pytestmark = pytest.mark.slow  # tokenizers come with torch

BYTES = make_tokenizer()
TOKENIZERS = {"bytes": BYTES, "sentencepiece": make_sentencepiece(), "legacy": make_legacy()}
ENCODERS = {
    (kind, name): Encoder(tokenizer, read_template(name))
    for kind, tokenizer in TOKENIZERS.items()
    for name in ("alpaca", "vicuna_v1.1")
}
LEADS = {"alpaca": "", "vicuna_v1.1": " "}  # what stands before an answer, as part of it
HOSTILE = [
    "</s>",
    "<s>",
    "### Response:",
    "USER: hello",
    " ASSISTANT:",
    "###",
    "\n\n",
    "你好",
    "é",
    "x",
]
TEXTS = st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4).map("".join)
CHATS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3)


def make_recipe(length, **changes):
    return Recipe(name="r", title="R", kind="sft", tiny=Tiny(), max_length=length, **changes)


def talk(turns, system=""):
    messages = [Message("system", system)] if system else []
    for question, answer in turns:
        messages += [Message("user", question), Message("assistant", answer)]
    return tuple(messages)


def expect_loss(messages, template):
    """What has to be learned: each answer as it stands, with its end mark."""
    answers = [message.content for message in messages if message.role == "assistant"]
    return [f"{LEADS[template]}{answer}</s>" for answer in answers]


def read_loss(kind, piece):
    """What the ids that carry loss decode to, answer by answer."""
    shown = show_tokens(TOKENIZERS[kind], piece.ids, piece.mask)
    return [text for text, carries_loss in shown if carries_loss]


def check_masks(examples, template, kind="bytes"):
    """Hold every answer, every end mark and every prompt of the rows against what they are."""
    encoder = ENCODERS[kind, template]
    end = TOKENIZERS[kind].eos_token_id
    recipe = make_recipe(131_072, template=template)
    for example in examples:
        (piece,) = encode_example(encoder, example, recipe)
        answers = expect_loss(example.messages, template)
        assert read_loss(kind, piece) == answers
        assert piece.ids.count(end) == len(answers)
        prompt = encoder.encode_chat(example.messages[:-1]).ids
        assert piece.ids[: len(prompt)] == prompt
        assert not any(piece.mask[: len(prompt)]) or len(answers) > 1


@settings(max_examples=60)
@given(CHATS, st.sampled_from(list(ENCODERS)))
def test_only_answers_and_their_end_marks_carry_loss(turns, pair):
    kind, template = pair
    check_masks([Example(talk(turns), 1)], template, kind)


# Decoding from the beginning on is slow for the second kind: each tenth row has to do.
REAL = pytest.mark.parametrize(("kind", "stride"), [("bytes", 1), ("sentencepiece", 10)])


@REAL
def test_alpacas_english_rows_are_learned_whole(data_sources, kind, stride):
    rows = [*read_examples(data_sources / "sft" / "alpaca_en_demo.json", "alpaca")]
    assert len(rows) == 999
    check_masks(rows[::stride], "alpaca", kind)


def test_the_chinese_rows_are_learned_whole(data_sources):
    rows = [*read_examples(data_sources / "sft" / "alpaca_zh_demo.json", "alpaca")]
    assert len(rows) == 1000
    check_masks(rows, "alpaca")


@REAL
def test_chats_in_sharegpts_shape_are_learned_turn_by_turn(data_sources, kind, stride):
    path = data_sources / "sft" / "dpo_en_demo.json"
    pairs = read_pairs(path, detect_shape(path)).pairs
    chats = [Example((*p.prompt, Message("assistant", p.chosen)), p.line) for p in pairs]
    assert len(chats) == 299
    assert any(len(expect_loss(chat.messages, "alpaca")) > 1 for chat in chats)
    check_masks(chats[::stride], "vicuna_v1.1", kind)


def test_a_mask_that_is_one_token_off_would_be_seen():
    """The control: the same comparison fails where a mask begins a token too late."""
    encoder = ENCODERS["bytes", "alpaca"]
    (piece,) = encode_example(encoder, Example(talk([("Q", "An answer")]), 1), make_recipe(512))
    piece.mask[piece.mask.index(1)] = 0
    assert read_loss("bytes", piece) != expect_loss(talk([("Q", "An answer")]), "alpaca")


@pytest.mark.parametrize("template", ["alpaca", "vicuna_v1.1"])
def test_the_workers_prompt_begins_what_was_trained(template):
    chat = talk([("What is </s>?", "### Response:"), ("And USER: then?", "Nothing </s> else.")])
    prompter = Prompter(BYTES, template, len(BYTES))
    feed = asyncio.run(prompter.encode_chat(list(chat[:-1])))
    prompter.close()
    (piece,) = encode_example(ENCODERS["bytes", template], Example(chat, 1), make_recipe(512))
    assert piece.ids[: len(feed.ids)] == feed.ids
    assert piece.mask[len(feed.ids) :] == [1] * (len(piece.ids) - len(feed.ids))


@given(st.integers(16, 200), TEXTS)
def test_a_cut_row_gets_no_end_mark_of_its_own(length, answer):
    example = Example(talk([("Q" * 20, answer * 3)]), 1)
    encoder, recipe = ENCODERS["bytes", "alpaca"], make_recipe(length)
    whole = encoder.encode_chat(example.messages, add_generation_prompt=False)
    (piece,) = encode_example(encoder, example, recipe)
    assert (piece.ids, piece.mask) == (whole.ids[:length], whole.mask[:length])
    assert piece.truncated == (len(whole.ids) > length)


def test_a_row_too_long_can_be_dropped():
    example = Example(talk([("Q", "long " * 100)]), 1)
    recipe = make_recipe(128, overflow="drop")
    assert encode_example(ENCODERS["bytes", "alpaca"], example, recipe) == []


@settings(max_examples=30)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=2, max_size=5), st.integers(250, 500))
def test_a_split_chat_keeps_every_turn_and_the_system_message(turns, length):
    chat = talk(turns, "Be brief.")
    recipe = make_recipe(length, overflow="split", shape="sharegpt", template="vicuna_v1.1")
    pieces = encode_example(ENCODERS["bytes", "vicuna_v1.1"], Example(chat, 1), recipe)
    learned = [text for piece in pieces for text in read_loss("bytes", piece)]
    assert learned == expect_loss(chat, "vicuna_v1.1")
    assert all(BYTES.decode(piece.ids).startswith("<s>Be brief. USER: ") for piece in pieces)
    assert all(len(piece.ids) <= length for piece in pieces)


def order(tmp_path, rows, recipe, **words):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows), "utf-8")
    named = Order("", recipe.name, **words)
    return create_job(tmp_path / "data", named, recipe, [path], shelf="looks")


def make_rows(n, **changes):
    return [
        {"instruction": f"Say {i}.", "input": "", "output": f"{i}!"} | changes for i in range(n)
    ]


def count(tmp_path, rows, recipe, **words):
    job = order(tmp_path, rows, recipe, **words)
    return prepare(job.folder, recipe, BYTES, Machine())


def test_everything_is_counted(tmp_path):
    rows = [
        *make_rows(8),
        *make_rows(1, instruction="Why? " * 200),
        *make_rows(1, output="a " * 400),
    ]
    recipe = make_recipe(256, max_masked_share=0.1, global_batch=4, device_batch=2, epochs=1)
    report = count(tmp_path, rows, recipe).report
    assert (report.n_rows, report.n_examples, report.n_masked) == (10, 9, 1)
    assert (report.n_truncated, report.share_truncated, report.longest) == (2, 0.2, 256)
    assert (report.effective_batch, report.accumulation, report.n_steps) == (4, 2, 3)
    assert report.faults == ()


def test_rows_without_loss_forbid_the_start_above_the_limit(tmp_path):
    rows = [*make_rows(8), *make_rows(2, instruction="Why? " * 200)]
    found = count(tmp_path, rows, make_recipe(256, max_masked_share=0.1))
    assert any("2 of 10 rows (20.0%) have no loss left" in fault for fault in found.report.faults)
    assert all(any(row["assistant_masks"]) for row in found.rows)


def test_nothing_to_train_on_is_a_fault(tmp_path):
    rows = make_rows(2, output="long " * 300)
    report = count(tmp_path, rows, make_recipe(256, overflow="drop")).report
    assert report.skipped == {"longer than max_length": 2}
    assert report.faults[0].startswith("Nothing is left to train on")


def test_held_out_items_are_in_no_row_that_is_trained_on(tmp_path):
    rows = [*make_rows(20), *make_rows(20, output="another answer")]
    found = count(tmp_path, rows, make_recipe(256, eval_share=0.25))
    questions = [{tuple(cut_loss(row)) for row in part} for part in (found.rows, found.held_out)]
    assert not questions[0] & questions[1]
    assert (len(found.held_out), found.report.n_held_out, found.report.n_items) == (10, 10, 20)


def cut_loss(row):
    return [n for n, mask in zip(row["input_ids"], row["assistant_masks"], strict=True) if not mask]


def test_only_the_first_rows_are_read_when_asked(tmp_path):
    report = count(tmp_path, make_rows(9), make_recipe(256, max_rows=4)).report
    assert (report.n_rows, report.n_examples) == (4, 4)


def test_rows_that_answer_nothing_are_counted_and_told(tmp_path):
    rows = [*make_rows(3), *make_rows(2, output=" "), *make_rows(1, output="")]
    report = count(tmp_path, rows, make_recipe(256)).report
    assert (report.n_examples, report.n_empty) == (6, 3)
    assert "3 of 6 rows answer nothing" in report.warnings[-1] + report.warnings[0]


def test_benchmark_questions_are_refused_unless_forced(tmp_path, data_sources):
    path = data_sources / "user_oriented_252" / "user_oriented_instructions.jsonl"
    asked = json.loads(path.read_text("utf-8").splitlines()[0])
    row = {"instruction": asked["instruction"], "output": "An answer."}
    row["input"] = asked["instances"][0]["input"]
    recipe = make_recipe(1024)
    fault = count(tmp_path, [*make_rows(3), row], recipe).report.faults[0]
    assert "1 row asks what the benchmarks ask (row 4)" in fault
    forced = count(tmp_path, [row], recipe, force_benchmarks=True).report
    assert (forced.faults, forced.n_benchmark) == ((), 1)
    assert "It is forced, and the model's card will say so." in forced.warnings[0]


def make_pairs():
    prompt = [{"role": "user", "content": "Which?"}]
    told = {"item": "one", "prompt": prompt, "chosen": "This one.", "rejected": "That one."}
    longer = told | {"item": "two", "chosen": "much " * 200, "rejected": "little " * 200}
    alike = told | {"item": "three", "chosen": "so " * 200, "rejected": "so " * 200 + "not"}
    return [told, longer, alike]


@pytest.mark.parametrize(
    ("overflow", "n", "skipped"),
    [
        ("truncate", 2, {"both answers the same, or the same once cut": 1}),
        ("drop", 1, {"longer than max_length": 2}),
    ],
)
def test_pairs_too_long_are_cut_or_left_out_and_counted(tmp_path, overflow, n, skipped):
    recipe = Recipe(
        name="r", title="R", kind="reward", tiny=Tiny(), shape="preference",
        max_length=256, overflow=overflow,
    )  # fmt: skip
    found = count(tmp_path, make_pairs(), recipe)
    assert (found.report.n_examples, found.report.skipped) == (n, skipped)
    assert all(len(ids) <= 256 for row in found.rows for ids in row.values())


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("reward", {"chosen_ids", "rejected_ids"}),
        ("preference", {"prompt_ids", "chosen_ids", "rejected_ids"}),
    ],
)
def test_pairs_have_the_columns_of_their_trainer(tmp_path, kind, columns):
    recipe = Recipe(name="r", title="R", kind=kind, tiny=Tiny(), shape="preference")
    (row, *_) = count(tmp_path, make_pairs()[:1], recipe).rows
    assert set(row) == columns
    prompt = ENCODERS["bytes", "alpaca"].encode_chat([Message("user", "Which?")]).ids
    chosen = row["chosen_ids"] if kind == "reward" else row["prompt_ids"] + row["chosen_ids"]
    assert chosen[: len(prompt)] == prompt
    assert BYTES.decode(chosen).endswith("### Response:This one.</s>")


def test_data_of_another_kind_is_refused_by_its_name(tmp_path):
    recipe = Recipe(name="r", title="R", kind="reward", tiny=Tiny(), shape="preference")
    with pytest.raises(InputError, match=r"rows\.json"):
        count(tmp_path, make_rows(1), recipe)
