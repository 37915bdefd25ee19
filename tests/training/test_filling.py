import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import InputError
from training.filling import fill_recipe, fit_shape, list_settings, split_settings
from training.recipe import Lora, Recipe, Tiny

PLAIN = Recipe(name="x", title="X", kind="sft", base="llama-7b")
TINY = Recipe(name="x", title="X", kind="sft", tiny=Tiny())
HOSTILE = (
    "; rm -rf /", "$(id)", "`id`", "| cat /etc/passwd", "&& id", "--flag", "-m os", "\n--flag",
    "\0", "../../etc/passwd", "/etc/passwd", "~", "%s", "{}", "!!python/object:os.system", "*x",
    "nan", "inf", "-1", "1e999", "0x10", "true", "none", "[]", "{a: 1}", "'", '"', "\u202e", "",
)  # fmt: skip
STRINGS = st.text() | st.sampled_from(HOSTILE)


def test_words_and_values_fill_the_same_recipe():
    words = ["epochs=1.5", "packing=true", "learning_rate=2e-4", "lora.rank=8", "precision=fp32"]
    values = {"epochs": 1.5, "packing": True, "learning_rate": 2e-4, "precision": "fp32"}
    expected = fill_recipe(PLAIN, {**values, "lora.rank": 8})
    assert fill_recipe(PLAIN, words) == expected
    assert (expected.epochs, expected.packing, expected.lora) == (1.5, True, Lora(rank=8))
    assert fill_recipe(PLAIN, {**values, "lora": {"rank": 8}}) == expected


def test_a_part_is_switched_on_and_off():
    on = fill_recipe(PLAIN, ["lora=default"])
    assert on.lora == Lora()
    assert fill_recipe(on, ["lora.alpha=64"]).lora == Lora(alpha=64)
    assert fill_recipe(on, ["lora=none"]).lora is None
    assert fill_recipe(TINY, ["tiny=none", "base=llama-7b"]).tiny is None


def test_a_part_is_nothing_else():
    with pytest.raises(InputError, match=r"lora is 'yes'; it can be none or default.*or default"):
        fill_recipe(PLAIN, {"lora": "yes", "lora.rank": 3, "tiny": 4})


def test_a_field_of_a_part_keeps_the_others():
    assert fill_recipe(TINY, ["tiny.hidden=64"]).tiny == Tiny(hidden=64)


def test_all_faults_are_told_at_once_with_their_values():
    words = ["epochs=0", "lora.rnk=8", "pack", "seed=abc", "name=other", "seed=1", "tiny.nope=1"]
    with pytest.raises(InputError) as caught:
        fill_recipe(PLAIN, words)
    told = str(caught.value)
    assert "epochs is '0'" in told and "seed is 'abc'" in told and "'pack' is no setting" in told
    assert "is lora.rank meant?" in told and "seed is set twice" in told
    assert "name belongs to the recipe" in told and "'tiny.nope'" in told


def test_what_does_not_fit_together_is_told_of_settings_too():
    with pytest.raises(InputError, match="no multiple of device_batch 5"):
        fill_recipe(PLAIN, ["device_batch=5"])


def test_nothing_set_changes_nothing():
    assert fill_recipe(PLAIN, []) == fill_recipe(PLAIN, {}) == PLAIN


@pytest.mark.parametrize("name", list_settings())
def test_a_hostile_text_is_a_typed_value_or_is_refused(name):
    for text in HOSTILE:
        try:
            filled = fill_recipe(PLAIN, [f"{name}={text}"])
        except InputError:
            continue
        assert Recipe.model_validate(filled.model_dump(), strict=True) == filled
        assert not {";", "$", "`", "|", "/", "\n", "\0", "\u202e"} & set(
            f"{filled.base}{filled.data}"
        )


@settings(max_examples=100)
@given(st.dictionaries(STRINGS | st.sampled_from(list_settings()), STRINGS, max_size=4))
def test_no_setting_is_more_than_a_value(given):
    try:
        filled = fill_recipe(PLAIN, given)
    except InputError as error:
        assert str(error).startswith("This recipe can't be used: ")
        return
    assert Recipe.model_validate(filled.model_dump(), strict=True) == filled


def test_words_are_split_or_all_refused():
    assert split_settings(["epochs=1", "base=a=b"]) == {"epochs": "1", "base": "a=b"}
    with pytest.raises(InputError, match=r"'one' is no setting.*'two' is no setting"):
        split_settings(["one", "epochs=1", "two"])


def test_a_recipe_reads_the_shape_of_its_data():
    assert fit_shape(PLAIN, ["sharegpt", "sharegpt"]).shape == "sharegpt"
    assert fit_shape(PLAIN, ["alpaca"]) == fit_shape(PLAIN, []) == PLAIN
    with pytest.raises(InputError, match="different shapes: alpaca, sharegpt"):
        fit_shape(PLAIN, ["sharegpt", "alpaca"])
    with pytest.raises(InputError, match="shape is 'preference'; sft training reads alpaca"):
        fit_shape(PLAIN, ["preference"])


def test_a_fault_says_what_the_value_has_to_be():
    with pytest.raises(InputError) as caught:
        fill_recipe(PLAIN, {"epochs": "-3", "learning_rate": "fast"})
    assert "epochs is '-3' (it has to be more than 0" in str(caught.value)
    assert "learning_rate is 'fast' (it has to be a number)" in str(caught.value)
