import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import InputError, NotFound
from backend.registry import find_card
from backend.registry.cards import LocalCard
from training.data.sources import KNOWN
from training.recipe import Lora, Recipe, Tiny
from training.recipes import (
    BUILTIN,
    MOST_BYTES,
    dump_recipe,
    list_recipes,
    load_recipe,
    read_recipe,
)

PUBLISHED = {
    # epochs, global batch, rate, schedule, warm-up, length, precision, save steps
    "alpaca-7b": (3, 128, 2e-5, "cosine", 0.03, 512, "bf16", 2000),
    "alpaca-13b": (5, 128, 1e-5, "cosine", 0.03, 512, "bf16", 2000),
    "llama-gpt4-7b": (3, 64, 2e-5, "constant_with_warmup", 0.03, 512, "fp32", 200),
    "llama-gpt4-cn-7b": (3, 64, 2e-5, "constant_with_warmup", 0.03, 512, "fp32", 200),
    "vicuna-7b": (3, 128, 2e-5, "cosine", 0.03, 2048, "bf16", 1200),
    "vicuna-13b": (3, 128, 2e-5, "cosine", 0.03, 2048, "bf16", 1200),
}
SMALL = "name: mine\ntitle: Mine\nkind: sft\nbase: llama-7b\nlearning_rate: 2e-5\n"
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=60)


def write(data, name, text):
    path = data / "training" / "recipes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("known", list_recipes(), ids=lambda known: known.name)
def test_every_built_in_recipe_can_be_used_and_gives_its_reasons(known, tmp_path):
    assert known.fault == ""
    recipe = known.recipe
    assert recipe.title and recipe.note and set(recipe.why) <= set(Recipe.model_fields)
    if recipe.name.startswith("tiny-"):  # on what the demo brings
        return
    assert isinstance(find_card(tmp_path, recipe.base), LocalCard)
    assert not recipe.data or recipe.data in {one.file for one in KNOWN.values()}


@pytest.mark.parametrize(("name", "values"), PUBLISHED.items())
def test_published_recipes_have_the_published_values(name, values):
    recipe = read_recipe(name)
    assert values == (
        recipe.epochs, recipe.global_batch, recipe.learning_rate, recipe.schedule,
        recipe.warmup, recipe.max_length, recipe.precision, recipe.save_steps,
    )  # fmt: skip
    assert recipe.weight_decay == 0 and recipe.lora is None and not recipe.packing


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_published_model_has_a_variant_of_today(name):
    recipe, published = read_recipe(f"{name}-today"), read_recipe(name)
    assert recipe.packing and recipe.activation_checkpointing and recipe.lora
    assert recipe.precision == "bf16"
    told = ("base", "template", "data", "shape", "epochs")
    assert [getattr(recipe, n) for n in told] == [getattr(published, n) for n in told]


def test_where_the_publication_says_two_things_the_recipe_says_what_it_does():
    why = read_recipe("llama-gpt4-7b").why
    assert {"global_batch", "schedule", "max_length", "precision"} <= set(why)
    assert {"warmup", "save_steps"} <= set(read_recipe("vicuna-7b").why)
    assert read_recipe("vicuna-7b").overflow == "split"


def test_reward_and_preference_recipes_read_the_comparison_data():
    reward, dpo = read_recipe("reward-opt-1.3b"), read_recipe("dpo-llama-gpt4-7b")
    assert (reward.kind, reward.base) == ("reward", "opt-1.3b")
    assert (dpo.kind, dpo.base) == ("preference", "llama-gpt4-7b")
    assert reward.data == dpo.data == "comparison_data_v2.json"


def test_every_file_is_named_after_its_recipe():
    assert {path.stem for path in BUILTIN.glob("*.yaml")} == {one.name for one in list_recipes()}


def test_an_own_recipe_is_found_and_stands_in_for_a_built_in_one(tmp_path):
    write(tmp_path, "mine.yaml", SMALL)
    write(tmp_path, "alpaca-7b.yaml", SMALL.replace("mine", "alpaca-7b"))
    assert read_recipe("mine", tmp_path).learning_rate == 2e-5
    shelf = [known for known in list_recipes(tmp_path) if known.name == "alpaca-7b"]
    assert [known.origin for known in shelf] == ["data folder"]


def test_a_broken_own_recipe_is_listed_with_its_faults(tmp_path):
    write(tmp_path, "mine.yaml", SMALL + "epochs: 0\nwarmupp: 1\n")
    (known,) = [known for known in list_recipes(tmp_path) if known.name == "mine"]
    assert known.recipe is None
    assert "epochs is 0" in known.fault and "warmupp is 1" in known.fault
    with pytest.raises(InputError, match=r"recipes/mine.yaml: .*epochs is 0"):
        read_recipe("mine", tmp_path)


def test_a_file_has_to_have_the_recipes_name(tmp_path):
    write(tmp_path, "other.yaml", SMALL)
    with pytest.raises(InputError, match="the recipe is called mine"):
        read_recipe("other", tmp_path)


def test_an_unknown_recipe_is_told_the_nearest():
    with pytest.raises(NotFound, match="llama-gpt4-7b"):
        read_recipe("lama-gpt4")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names and values"),
        ("- a\n", "names and values"),
        ("1: 2\n", "names and values"),
        ("a: [", "no YAML .*line"),
        ("[" * 5000, "nested too deeply"),
        ("a: 2001-99-99\n", "no YAML"),
        (SMALL + "epochs: .nan\n", "epochs is nan"),
        (SMALL + "epochs: 1\nepochs: 2\n", "'epochs' comes twice, line 7"),
        (SMALL + "data: ../../etc/passwd\n", "data is '../../etc/passwd'"),
        (SMALL + "base: /weights\n", "'base' comes twice"),
        ("x" * (MOST_BYTES + 1), "too many for a recipe"),
        ("--- \na: 1\n--- \nb: 2\n", "another document, line 3"),
    ],
)
def test_what_is_no_recipe_is_refused_in_words(text, words):
    with pytest.raises(InputError, match=words):
        load_recipe(text)


@settings(max_examples=50)
@given(
    title=TEXT,
    why=st.dictionaries(st.sampled_from(["epochs", "base"]), TEXT, max_size=2),
    epochs=st.floats(1e-3, 1000),
    rate=st.floats(1e-12, 1),
    lora=st.none() | st.builds(Lora, rank=st.integers(1, 64)),
)
def test_a_recipe_comes_back_from_its_text_as_it_was(title, why, epochs, rate, lora):
    told = {"name": "x", "title": title, "kind": "sft", "tiny": Tiny(), "why": why, "lora": lora}
    recipe = Recipe(**told, epochs=epochs, learning_rate=rate)
    assert load_recipe(dump_recipe(recipe)) == recipe


@pytest.mark.parametrize("text", ["\\e[2J", "\\u202e", "\\x9b1m"])
def test_words_that_would_steer_a_terminal_are_refused(text):
    with pytest.raises(InputError, match=r"note is .*can't be shown") as caught:
        load_recipe(f'{SMALL}note: "{text}"\n')
    assert str(caught.value).isprintable()


def test_number_without_end_is_refused():
    with pytest.raises(InputError, match="epochs is a number without end"):
        load_recipe(f"{SMALL}epochs: 0x{'f' * 9000}\n")


def test_pipe_is_no_recipe_and_nobody_waits_for_it(tmp_path):
    write(tmp_path, "mine.yaml", SMALL)
    os.mkfifo(tmp_path / "training" / "recipes" / "pipe.yaml")
    own = [known.name for known in list_recipes(tmp_path) if known.origin == "data folder"]
    assert own == ["mine"]
