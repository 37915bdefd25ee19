from types import SimpleNamespace

import pytest
from tokenizers import AddedToken, Tokenizer, models

from backend.errors import InputError
from backend.templates.library import hash_source
from backend.templates.vocabulary import OWN, list_tokens, read_own, read_spec, read_words


def make_spec(*added):
    core = Tokenizer(models.WordLevel({"a": 0}, "a"))
    core.add_tokens(list(added))
    return read_spec(SimpleNamespace(backend_tokenizer=core))


@pytest.mark.parametrize(
    ("added", "words", "literals", "special"),
    [
        (AddedToken("<s>", special=True), [], "", True),
        (AddedToken("end", special=False), ["end"], "", True),
        (AddedToken("<|im_end|>", special=False), [], "x<|im_end|>\n", False),
        (AddedToken("[INST]", special=False), [], "[INST] ", False),
    ],
)
def test_some_tokens_are_the_templates_alone(added, words, literals, special):
    (token,) = list_tokens(make_spec(added), words, literals)
    assert (token.text, token.token_id, token.special) == (added.content, 1, special)


@pytest.mark.parametrize("text", ["\n\n", "USER:", "<think>", "< a>"])
def test_added_words_and_spaces_stay_what_they_are(text):
    literals = "\n\nUSER: < a> "
    assert list_tokens(make_spec(AddedToken(text, special=False)), ["<s>", ""], literals) == ()


def test_a_token_keeps_how_it_swallows_space():
    spec = make_spec(AddedToken("<a>", special=True, rstrip=True))
    (token,) = list_tokens(spec, [], "")
    assert (token.lstrip, token.rstrip) == (False, True)


@pytest.mark.parametrize("given", ["{{ a }}", {"default": "{{ a }}", "tools": "x"}])
def test_an_own_template_is_known_by_its_bytes(given):
    template = read_own(SimpleNamespace(chat_template=given))
    assert (template.name, template.source, template.stop) == (OWN, "{{ a }}", ())
    assert template.sha256 == hash_source(b"{{ a }}")


@pytest.mark.parametrize("given", [None, "", {}, {"tools": "x"}])
def test_a_tokenizer_may_have_no_template(given):
    assert read_own(SimpleNamespace(chat_template=given)) is None


def test_missing_tokens_have_empty_names():
    named = {"eos_token": AddedToken("</s>"), "pad_token": None, "extra": ["a", "b"]}
    words = read_words(SimpleNamespace(special_tokens_map=named))
    assert words == {"bos_token": "", "eos_token": "</s>"}


def test_a_slow_tokenizer_is_refused_with_its_kind():
    with pytest.raises(InputError, match="is a int, which has no fast form"):
        read_spec(7)
