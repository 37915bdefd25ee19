"""A base that is made on the spot: of the right kind and size, the same each time, and loadable."""

from hashlib import sha256

import pytest

from backend.dialogue import Message
from backend.errors import InputError
from backend.templates.library import read_template
from backend.templates.tokens import Encoder
from backend.worker.weights import load_weights
from training.recipe import Recipe, Tiny
from training.run.tiny import make_base

pytestmark = pytest.mark.slow

SMALL = Tiny(hidden=32, layers=1, heads=2, context=256, vocabulary=400)
TEXTS = ("Name a colour.", "Blue, as the sky is.", "说出一种颜色。", "蓝色。")


def make_recipe(**more):
    return Recipe(**{"name": "small", "title": "Small", "kind": "sft", "tiny": SMALL} | more)


def hash_folder(folder):
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", ["sft", "reward"])
def test_the_same_recipe_and_texts_make_the_same_bytes(tmp_path, kind):
    one, two = (make_base(make_recipe(kind=kind), TEXTS, tmp_path / name) for name in "ab")
    other = make_base(make_recipe(kind=kind, seed=7), TEXTS, tmp_path / "c")
    assert hash_folder(one) == hash_folder(two)
    assert hash_folder(one) != hash_folder(other)


@pytest.mark.parametrize("kind, role", [("sft", "chat"), ("reward", "reward")])
def test_a_worker_loads_it(tmp_path, kind, role):
    folder = make_base(make_recipe(kind=kind), TEXTS, tmp_path / "base")
    weights = load_weights(folder, device="cpu", role=role)
    assert weights.context == 256
    assert weights.model.config.vocab_size == len(weights.tokenizer)


def test_any_text_comes_through_its_tokenizer(tmp_path):
    tokenizer = load_weights(make_base(make_recipe(), TEXTS, tmp_path), device="cpu").tokenizer
    text = "Ω </s> ### Response: 你好\n\t🦙"
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text


def test_words_of_the_template_are_few_tokens(tmp_path):
    tokenizer = load_weights(make_base(make_recipe(), TEXTS, tmp_path), device="cpu").tokenizer
    encoded = Encoder(tokenizer, read_template("alpaca")).encode_chat([Message("user", "Hi")])
    assert len(encoded.ids) < 60  # 165 characters


def test_the_random_numbers_of_others_go_on_undisturbed(tmp_path):
    import torch  # noqa: PLC0415 - only here

    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    make_base(make_recipe(), TEXTS, tmp_path)
    assert torch.rand(1) == expected


@pytest.mark.parametrize("tiny", [None, Tiny(hidden=32, heads=3)])
def test_what_makes_no_model_is_refused(tmp_path, tiny):
    with pytest.raises(InputError, match=r"tiny|heads"):
        make_base(make_recipe(tiny=tiny, base="" if tiny else "other"), TEXTS, tmp_path / "base")
    assert not (tmp_path / "base").exists()
