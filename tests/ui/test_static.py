"""The style sheets, as Gradio reads them."""

import re

import pytest

from ui.server import SHEETS, STATIC

RULE = re.compile(r"([^{}]*\.dark[^{}]*)\{")


@pytest.mark.parametrize("sheet", sorted({*SHEETS.values()}))
def test_a_rule_for_the_dark_has_one_selector(sheet):
    """Gradio puts its own container before each, and loses the dark of all but the first."""
    rules = RULE.findall((STATIC / f"{sheet}.css").read_text("utf-8"))
    assert rules and not [rule for rule in rules if "," in rule]
