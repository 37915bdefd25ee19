"""What calls cost, and what is said when they may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.call import Endpoint
from backend.dialogue import Message
from backend.errors import Refused
from backend.money import (
    CappedPurse,
    NoPurse,
    cost,
    count_tokens,
    estimate,
    is_free,
    refuse_cap,
    refuse_unpriced,
)
from backend.registry.cards import OpenAICard

URL = "https://api.example.com/v1"


def make_endpoint(into=10.0, out=30.0):
    return Endpoint("gpt-4", URL, "gpt-4", price_input_usd=into, price_output_usd=out)


class Endless:
    """A purse without a bottom; writes down what was settled, and can refuse."""

    def __init__(self, refuses=False):
        self.n, self.settled, self.refuses = 0, {}, refuses

    def reserve(self, card, usd, cap_usd):
        if self.refuses:
            raise Refused("The day's cap is reached.")
        self.n += 1
        return self.n

    def settle(self, reservation, usd):
        self.settled[reservation] = usd


def test_a_capped_purse_counts_what_is_set_aside_and_then_what_was_spent():
    inner = Endless()
    purse = CappedPurse(inner, 1.0)
    first, second = purse.reserve("gpt-4", 0.6, 5), purse.reserve("gpt-4", 0.4, 5)
    with pytest.raises(Refused, match=r"\$1.0000 of this run's cap of \$1.00"):
        purse.reserve("gpt-4", 0.01, 5)
    purse.settle(first, 0.1)
    purse.settle(second, None)
    purse.settle(second, 0.9)  # once settled, a second time changes nothing
    assert purse.spent_usd == pytest.approx(0.5)
    assert (inner.n, inner.settled) == (2, {1: 0.1, 2: 0.9})


def test_a_refusal_of_the_purse_inside_counts_nothing():
    purse = CappedPurse(Endless(refuses=True), 1.0)
    with pytest.raises(Refused, match="The day's cap"):
        purse.reserve("gpt-4", 0.5, 5)
    assert purse.spent_usd == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1) | st.none()), max_size=40))
def test_calls_that_keep_to_their_ceiling_never_pass_the_cap(calls):
    inner = Endless()
    purse, spent = CappedPurse(inner, 2.0), 0.0
    for ceiling_usd, share in calls:
        try:
            number = purse.reserve("gpt-4", ceiling_usd, 5)
        except Refused:
            continue
        purse.settle(number, None if share is None else share * ceiling_usd)
        spent += ceiling_usd * (1 if share is None else share)
    assert spent <= 2.0 + 1e-9


def test_cost_counts_both_prices():
    assert cost(make_endpoint(), 1_000_000, 0) == 10
    assert cost(make_endpoint(), 1000, 100) == pytest.approx(0.013)


def test_card_can_be_priced_as_its_endpoint():
    card = OpenAICard(
        name="gpt-4", base_url=URL, model="gpt-4", price_input_usd=10, price_output_usd=30
    )
    assert cost(card, 1000, 100) == cost(make_endpoint(), 1000, 100)


@pytest.mark.parametrize(("into", "out"), [(None, None), (1, None), (None, 0), (0, None)])
def test_unknown_price_is_unknown_and_not_free(into, out):
    endpoint = make_endpoint(into, out)
    assert (cost(endpoint, 1, 1), estimate(endpoint, [], 1)) == (None, None)
    assert not is_free(endpoint)


def test_only_two_zeros_are_free():
    assert is_free(make_endpoint(0, 0))
    assert not is_free(make_endpoint(0, 1)) and not is_free(make_endpoint(1, 0))


@pytest.mark.parametrize(
    ("text", "n_least"),  # two tokens a word, one a Chinese character, one a piece of code
    [
        ("Rewrite the following sentence using active voice.\n\nThe news was read by me.", 26),
        ("你好，世界。请用中文回答：什么是人工智能？", 21),
        ("def add(a, b):\n    return a + b\n", 15),
        ("1, 2; 3.", 7),
        ("", 0),
    ],
)
def test_prompt_is_counted_above_what_ordinary_text_has(text, n_least):
    assert n_least <= count_tokens([Message("user", text)]) <= 8 + 3 * n_least


@pytest.mark.parametrize("text", ["🎉" * 100, "\u2603\u2702" * 50, "#!{}" * 50, "0123456789" * 20])
def test_odd_signs_count_a_token_a_byte(text):
    assert count_tokens([Message("user", text)]) >= len(text.encode())


@given(st.lists(st.builds(Message, st.just("user"), st.text(), st.text()), max_size=3))
def test_more_text_never_counts_less(messages):
    assert count_tokens(messages) >= 8 * len(messages)
    assert count_tokens([*messages, Message("user", "x")]) > count_tokens(messages)


def test_estimate_takes_all_of_max_tokens():
    assert estimate(make_endpoint(0, 30), [], 1_000_000) == 30


def test_refusal_says_card_cap_spent_and_what_to_do():
    said = str(refuse_cap("gpt-4", 0.02, 1.5, 1.49))
    assert all(word in said for word in ("gpt-4", "$0.0200", "$1.4900", "$1.50", "daily_cap_usd"))
    assert "daily cap is 0" in str(refuse_cap("gpt-4", 0.02, 0, 0))


def test_unpriced_card_is_told_which_fields_to_fill():
    said = str(refuse_unpriced(make_endpoint(None, None)))
    assert "price_input_usd" in said and "api.example.com" in said


def test_purse_that_holds_nothing_refuses():
    with pytest.raises(Refused, match="gpt-4"):
        NoPurse().reserve("gpt-4", 0.01, 100)
