"""Pairs that ask what a benchmark asks are counted, however the question is wrapped."""

import pytest

from annotations.pairing import PairSet, PreferredPair
from backend.dialogue import Message
from ui.pairing import BENCHMARKS, count_benchmark_pairs, warn_of_benchmarks

ASKED = "How can I improve my time management skills?"  # the first of the 80


def make_set(*prompts):
    return PairSet(tuple(PreferredPair("x", prompt, "Good.", "Bad.") for prompt in prompts), {})


@pytest.mark.parametrize(
    "prompt",
    [
        (Message("user", ASKED),),
        (Message("user", ASKED.upper().rstrip("?")),),
        (Message("user", "Hi."), Message("assistant", "Hello."), Message("user", ASKED)),
    ],
)
def test_a_question_of_a_benchmark_is_warned_of(prompt):
    found = make_set(prompt, (Message("user", "What is a camel?"),))
    assert count_benchmark_pairs(found) == 1
    assert warn_of_benchmarks(found) == BENCHMARKS.format(n=1)


def test_other_questions_need_no_warning():
    assert warn_of_benchmarks(make_set((Message("user", "What is a camel?"),))) == ""
    assert warn_of_benchmarks(make_set()) == ""
