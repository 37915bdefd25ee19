import hashlib
import re

import pytest

from backend.errors import InputError, NotFound
from backend.templates.library import FOLDER, list_templates, read_template

NAMES = ("alpaca", "chatml", "llama-base", "vicuna_v0", "vicuna_v1.1")


def test_five_templates_are_on_the_shelf():
    assert list_templates() == NAMES


def test_a_template_is_its_file():
    told = (FOLDER / "alpaca.jinja").read_bytes()
    template = read_template("alpaca")
    assert template.source == told.decode()
    assert template.sha256 == hashlib.sha256(told).hexdigest()


@pytest.mark.parametrize(
    ("name", "stop"),
    [
        ("alpaca", ()),
        ("vicuna_v1.1", ()),
        ("vicuna_v0", ("\n###", "###")),
        ("chatml", ("<|im_end|>",)),
    ],
)
def test_a_template_says_which_strings_end_an_answer(name, stop):
    assert read_template(name).stop == stop


@pytest.mark.parametrize("name", ["vicuna", "", "../alpaca", "alpaca.jinja"])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    with pytest.raises(NotFound, match=", ".join(map(re.escape, NAMES))):
        read_template(name)


def test_adding_a_template_adds_a_file(tmp_path):
    (tmp_path / "mine.jinja").write_text('{#- stop: ["\\nUSER"] -#}{{ messages[0].content }}')
    assert list_templates(tmp_path) == ("mine",)
    assert read_template("mine", tmp_path).stop == ("\nUSER",)


@pytest.mark.parametrize(
    "first", ["", "{# stop: [] #}", "{#- stop: [1] -#}", '{#- stop: [""] -#}', "{#- stop: [a] -#}"]
)
def test_a_file_that_does_not_say_how_answers_end_is_refused(tmp_path, first):
    (tmp_path / "mine.jinja").write_text(f"{first}{{{{ messages }}}}")
    with pytest.raises(InputError, match="strings that end an answer"):
        read_template("mine", tmp_path)
