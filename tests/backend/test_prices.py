import json
from datetime import date

import pytest

from backend.prices import FILE, find_price, read_prices

OPENAI = "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("model", "usd"),
    [("gpt-4-0314", (30, 60)), ("gpt-4-0613", (30, 60)), ("gpt-3.5-turbo-0301", (1.5, 2))],
)
def test_snapshots_of_the_paper_have_a_price(model, usd):
    found = find_price(OPENAI, model)
    assert (found.input_usd, found.output_usd) == usd


def test_a_host_with_the_dot_at_its_end_is_the_same_host():
    assert find_price("https://API.openai.com./v1", "gpt-4") == find_price(OPENAI, "gpt-4")


@pytest.mark.parametrize(
    ("base_url", "model"),
    [
        (OPENAI, "gpt-5000"),
        (OPENAI, "gpt-4-0999"),
        (OPENAI, ""),
        ("https://api.openai.com.example.org/v1", "gpt-4"),
        ("https://example.org/api.openai.com", "gpt-4"),
        ("http://127.0.0.1:8000/v1", "gpt-4"),
        ("http://[nonsense", "gpt-4"),
    ],
)
def test_what_the_table_lacks_has_no_price(base_url, model):
    assert find_price(base_url, model) is None


def test_each_price_says_when_and_where_it_was_read():
    for price in read_prices().values():
        assert date.fromisoformat(price.listed_on) <= date.today()
        assert price.source.startswith("https://")
        assert 0 < price.input_usd <= price.output_usd


def test_no_model_is_in_the_table_twice():
    pairs = json.loads(FILE.read_text("utf-8"), object_pairs_hook=list)
    for _, models in pairs:
        names = [name for name, _ in models]
        assert len(names) == len(set(names))
