from collections import Counter
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.dialogue import Message
from backend.errors import InputError
from backend.templates.library import read_template
from backend.templates.rendering import render
from training.data.comparisons import MOST_ANSWERS, OutOfRange, Same, Tie, compare
from training.data.rows import Row
from training.rows import Pair

PROMPT = render(read_template("alpaca"), [Message("user", "Add.", "1 2")])


def make_row(*answers, prompt="Say hello."):
    told = [{"response": text, "source": "x", "score": score} for text, score in answers]
    return Row(5, {"user_input": prompt, "responses_and_scores": told})


def test_higher_score_comes_first_whatever_the_order():
    told = list(compare(make_row(("bad", 3), ("good", 9), ("fair", 7.5))))
    assert [(pair.chosen, pair.rejected, pair.margin) for pair in told] == [
        ("good", "bad", 6),
        ("fair", "bad", 4.5),
        ("good", "fair", 1.5),
    ]


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.text("ab", min_size=1, max_size=2), st.sampled_from([0, 1, 5.5, 9, 11])),
        max_size=MOST_ANSWERS,
    )
)
def test_every_two_answers_are_a_pair_or_are_counted(answers):
    told = list(compare(make_row(*answers)))
    assert len(told) == comb(len(answers), 2)
    pairs = [outcome for outcome in told if isinstance(outcome, Pair)]
    assert all(pair.margin > 0 and pair.chosen != pair.rejected for pair in pairs)
    fair = [score for _, score in answers if 1 <= score <= 10]
    kinds = Counter(type(outcome) for outcome in told)
    assert kinds[OutOfRange] == comb(len(answers), 2) - comb(len(fair), 2)
    assert kinds[Tie] == sum(comb(n, 2) for n in Counter(fair).values())


def test_same_words_with_two_scores_are_no_pair():
    assert list(compare(make_row(("same", 3), ("same", 9)))) == [Same()]


def test_first_version_has_the_better_one_named():
    row = Row(2, {"user_input": "Hi.", "completion_a": "good", "completion_b": "bad"})
    (pair,) = compare(row)
    assert (pair.chosen, pair.rejected, pair.margin) == ("good", "bad", None)


def test_a_whole_prompt_is_not_wrapped_twice():
    (pair,) = compare(make_row(("a", 1), ("b", 2), prompt=PROMPT))
    assert pair.prompt == (Message("user", "Add.", "1 2"),)
    assert render(read_template("alpaca"), pair.prompt) == PROMPT


def test_all_pairs_of_a_prompt_are_one_item():
    three = [("a", 1), ("b", 2), ("c", 3)]
    items = {pair.item for pair in compare(make_row(*three))}
    assert len(items) == 1
    assert items != {pair.item for pair in compare(make_row(*three, prompt="Other."))}


def test_a_prompt_that_is_half_wrapped_is_refused():
    row = make_row(("a", 1), ("b", 2), prompt="### Instruction:\nHi.\n\n### Response:")
    with pytest.raises(InputError, match=r"line 5: .*can't be taken apart"):
        list(compare(row))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([{"response": "a", "rating": 3}], r"\['rating', 'response'\]"),
        (["a", "b"], "there is str"),
        ({"a": 3}, "should be a list, it is an object"),
        ([{"response": "a", "score": "nine"}], "should be a number, it is 'nine'"),
        ([{"response": "a", "score": None}], "should be a number, it is not there"),
    ],
)
def test_another_shape_is_refused_with_what_was_found(told, words):
    with pytest.raises(InputError, match=words):
        list(compare(Row(1, {"user_input": "Hi.", "responses_and_scores": told})))


@pytest.mark.parametrize("more", [{"responses": []}, {"completion_a": "x", "responses": []}])
def test_without_answers_it_says_what_was_expected_and_what_is_there(more):
    with pytest.raises(InputError, match=r"or with 'responses_and_scores'.* has .*'responses'"):
        list(compare(Row(1, {"user_input": "Hi.", **more})))


def test_answers_that_make_millions_of_pairs_are_refused():
    answers = [(str(n), n % 10) for n in range(MOST_ANSWERS + 1)]
    assert len(list(compare(make_row(*answers[:-1])))) == comb(MOST_ANSWERS, 2)
    with pytest.raises(InputError, match="33 answers to a prompt are too many"):
        list(compare(make_row(*answers)))
