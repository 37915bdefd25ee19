import pytest
import yaml

from training.strict import load_strict


def test_plain_values_are_read():
    assert load_strict("a: 1\nb: [x, 2.5, null]\nc:\n  d: true\n") == {
        "a": 1,
        "b": ["x", 2.5, None],
        "c": {"d": True},
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x 1\nb: *x\n", "aliases are not taken"),
        ("a: 1\nb: 2\na: 3\n", "'a' comes twice"),
        ("c: {a: 1, a: 2}\n", "'a' comes twice"),
        ("<<: {a: 1}\nb: 2\n", "merging is not taken"),
        ("a: !!python/object/apply:os.getcwd []\n", "tags are not taken"),
        ('a: !!int ""\n', "tags are not taken"),
        ('a: !!bool "x"\n', "tags are not taken"),
        ("[" * 60_000, "nested too deeply"),
        ("[" * 21 + "]" * 21, "nested too deeply"),
        ("a: [1", "did not find"),
        ("? [a, b]\n: 1\n", "unhashable"),
    ],
)
def test_what_could_swell_hide_or_run_is_refused(text, words):
    with pytest.raises(yaml.YAMLError, match=words):
        load_strict(text)


def test_the_plain_loader_takes_a_name_twice():
    assert yaml.safe_load("a: 1\na: 3\n") == {"a": 3}
