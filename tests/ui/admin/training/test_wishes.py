"""The form of the circle: its values become a wish and an order."""

import pytest

from annotations.pairing import PairWish
from backend.errors import InputError
from backend.registry.cards import LocalCard, OpenAICard
from training.recipes import list_recipes, read_recipe
from ui.admin.training.wishes import (
    FIELDS,
    list_pair_recipes,
    make_order,
    name_data,
    name_values,
    read_wish,
)

EMPTY = [["s"], [], "none", ["helpful"], "skip", "majority", 1, "all", "", [], True, "",
         "tiny-dpo", "", "mine", 0.1, 42, False, True]  # fmt: skip
VICUNA = LocalCard(name="v", path="/nowhere", template="vicuna_v1.1")


def fill(**changed):
    return name_values(
        [changed.get(name, value) for name, value in zip(FIELDS, EMPTY, strict=True)]
    )


class Cards:
    """One card, whatever the name."""

    def __init__(self, card):
        self.card = card

    def find_card(self, name):
        return self.card


def order(recipe="tiny-dpo", card=VICUNA, **changed):
    return make_order(fill(**changed), Cards(card), read_recipe(recipe), "pairs.jsonl", "ada")


def test_a_form_that_is_left_as_it_is_makes_the_usual_wish():
    assert read_wish(fill()) == PairWish(studies=("s",))


def test_every_field_finds_its_place_in_the_wish():
    told = {
        "studies": [], "judges": ["j"], "benchmarks": ["b"], "chats": "all", "ties": "against",
        "criteria": ["harmless", "helpful"], "disagreement": "share", "min_votes": 3,
        "combine": "weighted", "weights": " 2; 0.5 ", "outside": False, "excluded": "AB, CD\nEF",
    }  # fmt: skip
    assert read_wish(fill(**told)) == PairWish(
        (), ("j",), ("b",), "all", ("helpful", "harmless"), "weighted", (2, 0.5), "against",
        "share", 3, False, ("AB", "CD", "EF"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("min_votes", None, "Fewest votes is None"),
        ("min_votes", 1.5, "Fewest votes is 1.5"),
        ("weights", "much", "The weights are 'much'"),
        ("share", 0.7, "kept apart is 0.7; it can be 0 to 0.5"),
        ("share", None, "kept apart is None"),
        ("seed", -1, "The seed is -1"),
    ],
)
def test_a_number_that_is_none_is_said(field, value, said):
    with pytest.raises(InputError, match=said):
        read_wish(fill(**{field: value}))
        order(**{field: value})


def test_an_order_carries_the_split_and_who_gave_it():
    made = order(share=0.25, seed=7, force_benchmarks=True)
    assert made.settings == {"eval_share": 0.25, "seed": 7}
    assert (made.name, made.recipe, made.data) == ("mine", "tiny-dpo", ("pairs.jsonl",))
    assert (made.actor, made.force_benchmarks, made.keep_running) == ("ada", True, True)


def test_another_model_to_start_from_brings_its_chat_template():
    made = order(base="v")
    assert (made.settings["base"], made.settings["template"]) == ("v", "vicuna_v1.1")


@pytest.mark.parametrize(
    ("recipe", "card"),
    [
        ("tiny-reward", VICUNA),
        ("tiny-dpo", OpenAICard(name="o", base_url="http://x/v1", model="m")),
    ],
)
def test_what_can_not_be_started_from_is_refused(recipe, card):
    with pytest.raises(InputError, match="leave the model to start from as it is"):
        order(recipe, card, base="v")


def test_the_same_pairs_have_the_same_name_and_others_another():
    wish = PairWish(studies=("A study, <b>!",), chats="all")
    assert name_data(wish, "x") == name_data(wish, "x") != name_data(wish, "y")
    assert name_data(wish, "x").startswith("pairs-a-study-b-chats-")


def test_only_recipes_that_learn_from_pairs_are_offered_the_small_ones_first():
    names = [name for _, name in list_pair_recipes(list_recipes())]
    assert names[0].startswith("tiny-")
    assert "tiny-reward" in names
    assert "tiny-alpaca" not in names
