import pytest

from backend.errors import InputError
from training.recipes import KnownRecipe, list_recipes, read_recipe
from ui.admin.training.fields import ALL, show_value
from ui.admin.training.form import (
    list_kinds,
    list_recipes_of,
    read_devices,
    read_order,
    read_processes,
    show_lack,
    show_recipe,
    sort_recipe,
)

TINY = read_recipe("tiny-alpaca")
FIELDS = [show_value(TINY, field.path) for field in ALL]


def test_every_recipe_stands_in_one_group():
    known = list_recipes()
    kinds = [kind for _, kind in list_kinds(known)]
    assert kinds == ["demo", "published", "today", "reward", "preference"]
    listed = [name for kind in kinds for _, name in list_recipes_of(known, kind)]
    assert sorted(listed) == [one.name for one in known]


def test_a_recipe_of_the_data_folder_is_ones_own_and_a_broken_one_cant_be_chosen():
    own = KnownRecipe("mine", TINY, "data folder")
    broken = KnownRecipe("bad", None, "data folder", "it is no YAML")
    assert sort_recipe(own) == sort_recipe(broken) == "own"
    assert len(list_recipes_of([own, broken], "own")) == 1


def test_a_form_makes_an_order():
    values = ["tiny-alpaca", ["a.json"], " new ", True, *FIELDS, "0, 2", "1", False]
    order = read_order(TINY, values, "ada", "job-1")
    assert (order.name, order.data, order.devices) == ("new", ("a.json",), (0, 2))
    assert (order.settings, order.parent, order.actor) == ({}, "job-1", "ada")
    assert order.keep_running and not order.force_benchmarks


def test_a_model_needs_a_name():
    with pytest.raises(InputError, match="name"):
        read_order(TINY, ["tiny-alpaca", [], " ", True, *FIELDS, "", "1", False], "ada")


@pytest.mark.parametrize("text", ["all", "-1", "0;1", "1.5", "٣", "12345"])
def test_gpus_are_numbers(text):
    with pytest.raises(InputError, match="GPUs is"):
        read_devices(text)


@pytest.mark.parametrize("text", ["0", "two", "-1", "65", "9999"])
def test_processes_are_a_number(text):
    with pytest.raises(InputError, match="Processes is"):
        read_processes(text)


def test_a_recipe_says_why_and_none_of_it_is_markup():
    loud = TINY.model_copy(update={"note": "<b>big</b>", "why": {"epochs": "<i>so</i>"}})
    shown = show_recipe(loud)
    assert "&lt;b&gt;big" in shown and "&lt;i&gt;so" in shown and "<b>" not in shown


def test_what_a_recipe_lacks_is_told_with_what_to_do():
    recipe = read_recipe("llama-gpt4-7b")
    told = show_lack(recipe, [], [("llama-7b (not on this machine)", "llama-7b")])
    assert "the tab Models" in told and "alpaca_gpt4_data.json" in told
    assert show_lack(recipe, [recipe.data], [("LLaMA 7B", "llama-7b")]) == ""
