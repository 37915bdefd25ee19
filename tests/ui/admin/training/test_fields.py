import pytest

from backend.errors import InputError
from training.recipes import fill_recipe, list_recipes, read_recipe
from ui.admin.training.fields import (
    ALL,
    collect_settings,
    fill_component,
    is_shown,
    say_default,
    show_value,
)

KNOWN = [known.name for known in list_recipes()]
TINY, LARGE = read_recipe("tiny-alpaca"), read_recipe("alpaca-7b")
LORA = read_recipe("alpaca-7b-today")


def fill(recipe, changed):
    """The form's values for a recipe, some of them changed by a person."""
    return [changed.get(field.path, show_value(recipe, field.path)) for field in ALL]


def find(path):
    return next(field for field in ALL if field.path == path)


@pytest.mark.parametrize("name", KNOWN)
def test_a_form_that_is_left_as_it_is_changes_nothing(name):
    assert collect_settings(read_recipe(name), fill(read_recipe(name), {})) == {}


def test_what_is_typed_becomes_typed_settings_that_the_recipe_takes():
    typed = {"epochs": "2.5", "max_rows": "100", "packing": not TINY.packing, "schedule": "linear"}
    settings = collect_settings(TINY, fill(TINY, typed))
    assert settings == {**typed, "epochs": 2.5, "max_rows": 100}
    filled = fill_recipe(TINY, settings)
    assert (filled.epochs, filled.max_rows, filled.schedule) == (2.5, 100, "linear")


def test_an_adapter_is_switched_on_with_its_fields_and_off_again():
    on = collect_settings(LARGE, fill(LARGE, {"lora": True, "lora.rank": "8"}))
    adapter = fill_recipe(LARGE, on).lora
    assert adapter is not None and (adapter.rank, adapter.alpha) == (8, 32)
    off = collect_settings(LORA, fill(LORA, {"lora": False, "lora.rank": "8"}))
    assert off == {"lora": None} and fill_recipe(LORA, off).lora is None


def test_what_is_no_number_is_told_with_all_other_faults():
    settings = collect_settings(TINY, fill(TINY, {"epochs": "many", "seed": "", "tiny.heads": "x"}))
    with pytest.raises(InputError) as caught:
        fill_recipe(TINY, settings)
    assert all(name in str(caught.value) for name in ("epochs", "seed", "tiny.heads"))


def test_a_field_says_what_the_recipe_does_and_why():
    said = say_default(LARGE, find("learning_rate"))
    assert "Recipe: 2e-05." in said
    assert say_default(TINY, find("packing")).endswith(TINY.why["packing"])


def test_fields_that_a_recipe_has_no_use_for_are_hidden():
    assert not is_shown(TINY, "base") and is_shown(LARGE, "base")
    assert not is_shown(LARGE, "tiny.hidden") and not is_shown(LARGE, "beta")
    assert is_shown(read_recipe("tiny-dpo"), "beta")
    assert not fill_component(LARGE, find("lora.rank"), {})["visible"]
    assert fill_component(LARGE, find("lora.rank"), {"lora.rank": 4})["value"] == "4"


def test_what_a_job_set_otherwise_is_in_the_form_again():
    settings = collect_settings(LARGE, fill(LARGE, {"lora": True, "epochs": "7"}))
    again = [fill_component(LARGE, field, settings)["value"] for field in ALL]
    assert collect_settings(LARGE, again) == settings
