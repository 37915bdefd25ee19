import json
from itertools import pairwise

import pytest
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

from backend.templates.pipelines import build_pipelines

SPECIAL = ["<unk>", "<s>", "</s>"]
LETTERS = ["▁", "a", "b", "<", "/", "s", ">"]


def make_merging():
    merges = [("<", "/"), ("s", ">"), ("</", "s>"), ("</s>", "a"), ("▁", "a")]
    words = [*SPECIAL, *LETTERS, *("".join(pair) for pair in merges if "".join(pair) != "</s>")]
    return models.BPE({word: n for n, word in enumerate(words)}, merges, unk_token="<unk>")


def make_scoring():
    return models.Unigram([(w, 0.0) for w in SPECIAL] + [(w, -9.0) for w in LETTERS], unk_id=0)


def make_words():
    return models.WordLevel({w: n for n, w in enumerate([*SPECIAL, *LETTERS])}, "<unk>")


def make_core(model, *, splitter=None, normalizer=None):
    core = Tokenizer(model)
    core.add_special_tokens(SPECIAL)
    if splitter:
        core.pre_tokenizer = splitter
    if normalizer:
        core.normalizer = normalizer
    return core


def take_apart(core, tokens=SPECIAL):
    return build_pipelines(json.loads(core.to_str()), tokens)


def list_tokens(core, pipeline, text):
    ids = pipeline.encode(text, add_special_tokens=False).ids
    return [core.id_to_token(n) for n in ids]


@pytest.mark.parametrize("model", [make_merging, make_scoring, make_words])
def test_no_text_leads_to_a_special_token(model):
    core = make_core(model())
    pipelines = take_apart(core)
    assert core.encode("a</s>a").ids.count(2) == 1
    for text in ("</s>", "a</s>a", "<s></s><s>", "</s>a"):
        assert not {1, 2} & set(pipelines.begin.encode(text).ids)
        assert not {1, 2} & set(pipelines.go_on.encode(text).ids)


@pytest.mark.parametrize("model", [make_merging, make_scoring, make_words])
def test_without_hiding_a_vocabulary_leads_there(model):
    """The control: to know of no added tokens is not enough."""
    spec = json.loads(make_core(model()).to_str())
    spec["added_tokens"] = []
    assert 2 in Tokenizer.from_str(json.dumps(spec)).encode("</s>").ids


def test_ordinary_text_and_other_added_tokens_keep_their_ids():
    core = make_core(make_merging(), splitter=pre_tokenizers.Metaspace())
    core.add_tokens([AddedToken("<x>"), AddedToken("<y>")])
    pipelines = take_apart(core, [*SPECIAL, "<x>"])
    assert pipelines.begin.encode("ab<y>ba").ids == core.encode("ab<y>ba").ids
    assert core.token_to_id("<y>") in pipelines.begin.encode("a<y>").ids
    assert core.token_to_id("<x>") not in pipelines.begin.encode("a<x>").ids


@pytest.mark.parametrize(
    ("splitter", "normalizer", "after_token"),
    [
        (pre_tokenizers.Metaspace(prepend_scheme="first"), None, ["a", "b"]),
        (pre_tokenizers.Metaspace(prepend_scheme="always"), None, ["▁a", "b"]),
        (None, normalizers.Prepend("▁"), ["▁a", "b"]),
        (None, normalizers.Sequence([normalizers.Prepend("▁")]), ["▁a", "b"]),
        (
            pre_tokenizers.Sequence([pre_tokenizers.Metaspace(prepend_scheme="first")]),
            None,
            ["a", "b"],
        ),
    ],
)
def test_only_a_beginning_has_the_space_in_front(splitter, normalizer, after_token):
    core = make_core(make_merging(), splitter=splitter, normalizer=normalizer)
    pipelines = take_apart(core)
    assert list_tokens(core, pipelines.begin, "ab") == ["▁a", "b"] == core.encode("ab").tokens
    assert list_tokens(core, pipelines.go_on, "ab") == ["a", "b"]
    assert list_tokens(core, pipelines.after_token, "ab") == after_token
    assert core.encode("</s>ab").tokens[1:] == after_token


@pytest.mark.parametrize(
    "splitter",
    [
        None,
        pre_tokenizers.Metaspace(prepend_scheme="never"),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]),
    ],
)
def test_where_no_space_comes_in_front_one_pipeline_is_enough(splitter):
    pipelines = take_apart(make_core(make_words(), splitter=splitter))
    assert pipelines.begin is pipelines.go_on is pipelines.after_token


def test_a_byte_level_space_is_dropped_too():
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)
    words = {word: n for n, word in enumerate([*SPECIAL, "Ġa", "a"])}
    core = make_core(models.WordLevel(words, "<unk>"), splitter=splitter)
    pipelines = take_apart(core)
    assert list_tokens(core, pipelines.begin, "a") == ["Ġa"]
    assert list_tokens(core, pipelines.go_on, "a") == ["a"]


def test_limits_and_post_processors_are_left_out():
    core = make_core(make_merging())
    core.enable_truncation(2)
    core.enable_padding(length=9)
    ids = take_apart(core).begin.encode("ababab").ids
    assert len(ids) == 6
    assert all(pair != (0, 0) for pair in pairwise(ids))
