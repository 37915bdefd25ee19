import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.benchmarks import SIZES
from backend.dialogue import Message
from backend.templates.library import read_template
from backend.templates.rendering import render
from training.data.benchmarks import (
    find_benchmark_rows,
    hash_question,
    name_benchmark,
    normalise,
    read_hashes,
)
from training.data.shapes import read_examples, read_pairs
from training.rows import Example, Pair

ALPACA = read_template("alpaca")


def list_questions(folder):
    """All of the 332, as (benchmark, instruction, input)."""
    told = (folder / "user_oriented_252/user_oriented_instructions.jsonl").read_text().splitlines()
    tasks = [json.loads(line) for line in told]
    told = (folder / "vicuna_80/question.jsonl").read_text().splitlines()
    return [
        *(("user_oriented_252", t["instruction"], t["instances"][0]["input"]) for t in tasks),
        *(("vicuna_80", json.loads(line)["text"], "") for line in told),
    ]


def ask(line, *messages):
    return Example((*messages, Message("assistant", "an answer")), line)


def test_there_is_a_hash_for_every_item():
    hashes = list(read_hashes().values())
    assert {name: hashes.count(name) for name in SIZES} == dict(SIZES)


def test_every_item_is_found_in_whatever_shape(data_sources):
    found = list_questions(data_sources)
    everything = list(range(1, len(found) + 1))
    shapes = (
        lambda text, given: Message("user", text, given),
        lambda text, given: Message("user", f"{text}\n{given}".strip()),
        lambda text, given: Message("user", f"Instruction: {text}\nInput: {given}"),
        lambda text, given: Message("user", f"  {text.upper()} \n\n{given} "),
    )
    for shape in shapes:
        rows = [ask(n, shape(text, given)) for n, (_, text, given) in enumerate(found, 1)]
        assert find_benchmark_rows(rows) == everything


def test_an_item_in_a_whole_alpaca_prompt_is_found(data_sources):
    found = list_questions(data_sources)[::20]
    prompts = [render(ALPACA, [Message("user", text, given)]) for _, text, given in found]
    assert find_benchmark_rows(prompts) == list(range(1, len(found) + 1))


def test_an_item_is_named_by_its_benchmark(data_sources):
    for benchmark, text, more in list_questions(data_sources):
        assert name_benchmark(Message("user", text, more).text) == benchmark


def test_instruction_with_another_input_is_another_question(data_sources):
    asked = [(text, given) for _, text, given in list_questions(data_sources) if given]
    rows = [ask(n, Message("user", text, "something else")) for n, (text, _) in enumerate(asked)]
    assert find_benchmark_rows(rows) == []


def test_published_training_files_hold_no_benchmark(data_sources):
    folder = data_sources / "sft"
    for name in ("alpaca_en_demo.json", "alpaca_zh_demo.json"):
        assert find_benchmark_rows(read_examples(folder / name, "alpaca")) == []
    assert find_benchmark_rows(read_pairs(folder / "dpo_en_demo.json", "preference").pairs) == []


QUESTION = "How can I improve my time management skills?"


@pytest.mark.parametrize(
    "row",
    [
        ask(1, Message("user", QUESTION)),
        ask(1, Message("user", "Hi."), Message("assistant", "Hello."), Message("user", QUESTION)),
        Pair((Message("system", "Be brief."), Message("user", QUESTION)), "a", "b", 1),
        "how can i  improve my time-management skills",
    ],
)
def test_a_question_is_found_in_chats_pairs_and_texts(row):
    assert find_benchmark_rows([row]) == [1]


@pytest.mark.parametrize(
    "row",
    [
        ask(1, Message("user", "Hi."), Message("assistant", QUESTION)),
        ask(1, Message("user", f"{QUESTION} Be brief.")),
        Pair((Message("user", "Hi."),), QUESTION, "b", 1),
        "",
        "How can I improve my skills?",
    ],
)
def test_only_what_is_asked_counts(row):
    assert find_benchmark_rows([row]) == []


def test_each_row_is_told_once_in_its_order():
    rows = [ask(9, Message("user", QUESTION)), ask(2, Message("user", QUESTION))]
    assert find_benchmark_rows([*rows, rows[0]]) == [2, 9]


@given(st.text())
def test_case_space_and_punctuation_change_nothing(text):
    assert hash_question(f" {normalise(text)}!") == hash_question(normalise(text))


@pytest.mark.parametrize("text", ["\n" * 30_000, " \n" * 30_000, "input\n" * 10_000])
def test_text_of_nothing_is_hashed_at_once(text):
    start = time.process_time()
    assert hash_question(f"{text}Input: who?") == hash_question(f"{text.strip()}who?")
    assert time.process_time() - start < 3  # a rule that tried every line again took 45
