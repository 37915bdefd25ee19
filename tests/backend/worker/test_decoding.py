"""Tokens to text, while they come: nothing is taken back, nothing is lost, no stop string is seen.

The rule that is held for three kinds of vocabulary: all pieces together are the text of all tokens
decoded at once, whatever the tokens are and however they arrive.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from backend.worker.decoding import Alphabet, Decoder, Reading, StopStrings, find_byte_ids
from tests.tiny import make_tokenizer

WORDS = ("▁", "▁▁", "▁the", "▁a", "a", "b", "c", "ing", ",", "\n", "你", "好", "▁世界", "\ufffd")


def make_sentencepiece():
    """A vocabulary as LLaMA's: words that begin with their space, and a token for each byte."""
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
    vocab = {name: place for place, name in enumerate(names)}
    core = Tokenizer(models.BPE(vocab, [], unk_token="<unk>", byte_fallback=True))
    core.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    core.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return wrap(core)


def make_metaspace():
    """A vocabulary whose first token loses all its spaces, and without bytes."""
    vocab = {name: place for place, name in enumerate(["<unk>", "<s>", "</s>", *WORDS])}
    core = Tokenizer(models.BPE(vocab, [], unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    core.decoder = decoders.Metaspace()
    return wrap(core)


def wrap(core):
    return PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


KINDS = {
    "bytes": make_tokenizer(),
    "sentencepiece": make_sentencepiece(),
    "metaspace": make_metaspace(),
}
ALPHABETS = {tokenizer: Alphabet(tokenizer) for tokenizer in KINDS.values()}
KIND = pytest.mark.parametrize("tokenizer", KINDS.values(), ids=KINDS.keys())


def decode_at_once(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)


def decode_in_parts(alphabet, ids, sizes):
    """Return the pieces that a decoder gives for parts of these sizes, in turn."""
    decoder = Decoder(alphabet)
    pieces, start = [], 0
    for size in sizes:
        pieces.append(decoder.push(ids[start : start + size]))
        start += size
    return [*pieces, decoder.push(ids[start:], is_last=True)]


def draw_ids(data, tokenizer):
    """Any tokens, with runs of few different ones among them, as a small model writes them."""
    any_id = st.integers(0, len(tokenizer) - 1)
    few = st.lists(any_id, min_size=1, max_size=3).flatmap(
        lambda some: st.lists(st.sampled_from(some), max_size=60)
    )
    parts = data.draw(st.lists(st.lists(any_id, max_size=12) | few, max_size=4))
    return [id_ for part in parts for id_ in part]


@KIND
@settings(max_examples=200)
@given(data=st.data())
def test_all_pieces_together_are_the_text_of_all_tokens(tokenizer, data):
    ids = draw_ids(data, tokenizer)
    sizes = data.draw(st.lists(st.integers(0, 4), max_size=len(ids)))
    pieces = decode_in_parts(ALPHABETS[tokenizer], ids, sizes)
    assert "".join(pieces) == decode_at_once(tokenizer, ids)


@KIND
@given(text=st.text(max_size=30) | st.sampled_from(["  a 你好\n\n世界 ", "🦙👩‍👩‍👧 é", " the  b"]))
def test_text_of_any_language_arrives_whole(tokenizer, text):
    ids = tokenizer(text, add_special_tokens=False).input_ids
    pieces = decode_in_parts(ALPHABETS[tokenizer], ids, [1] * len(ids))
    assert "".join(pieces) == decode_at_once(tokenizer, ids)


@KIND
def test_no_character_is_shown_in_halves(tokenizer):
    text = "the 你好 the"
    ids = tokenizer(text, add_special_tokens=False).input_ids
    pieces = decode_in_parts(ALPHABETS[tokenizer], ids, [1] * len(ids))
    assert [piece for piece in pieces if "\ufffd" in piece] == []


def test_a_word_is_shown_as_soon_as_its_token_is_there():
    tokenizer = KINDS["sentencepiece"]
    ids = tokenizer.convert_tokens_to_ids(["▁the", "▁a", "b", "▁the"])
    assert decode_in_parts(ALPHABETS[tokenizer], ids, [1] * 4) == ["the", " a", "b", " the", ""]


def test_a_run_of_byte_tokens_waits_for_its_end():
    tokenizer = KINDS["sentencepiece"]
    ids = tokenizer.convert_tokens_to_ids(["<0xF0>", "<0x9F>", "<0xA6>", "<0x99>", "a"])
    assert decode_in_parts(ALPHABETS[tokenizer], ids, [1] * 5) == ["", "", "", "", "🦙a", ""]


def test_only_byte_tokens_count_as_bytes():
    found = {name: len(find_byte_ids(tokenizer)) for name, tokenizer in KINDS.items()}
    assert found == {"bytes": 0, "sentencepiece": 256, "metaspace": 0}


class Meter(Alphabet):
    """An alphabet that counts the tokens it has to decode."""

    n_decoded = 0

    def decode(self, ids):
        self.n_decoded += len(ids)
        return super().decode(ids)


@pytest.mark.parametrize("name", ["Ġ", "a", "½", "ä"])
def test_a_long_answer_costs_no_more_for_each_token(name):
    """½ is a byte that no character begins with, ä one that is never followed up."""
    tokenizer = KINDS["bytes"]
    ids = tokenizer.convert_tokens_to_ids([name]) * 1000
    meter = Meter(tokenizer)
    assert "".join(decode_in_parts(meter, ids, [1] * 1000)) == decode_at_once(tokenizer, ids)
    assert meter.n_decoded < 40 * len(ids)


def cut(text, stops):
    """The rule in one line each: stop at the first stop string that is complete."""
    ends = [(text.find(stop) + len(stop), -len(stop)) for stop in stops if stop and stop in text]
    if not ends:
        return text, False
    end, minus = min(ends)
    return text[: end + minus], True


@given(
    parts=st.lists(st.text(alphabet="ab\n", max_size=5), max_size=8),
    stops=st.lists(st.text(alphabet="ab\n", max_size=4), max_size=3),
)
def test_a_stop_string_ends_the_text_before_itself(parts, stops):
    stop = StopStrings(stops)
    shown = ""
    for part in parts:
        shown += stop.push(part)
        if stop.stopped:
            break
    shown += "" if stop.stopped else stop.flush()
    assert (shown, stop.stopped) == cut("".join(parts), stops)


@given(
    text=st.text(alphabet="ab", max_size=20),
    stops=st.lists(st.text(alphabet="ab", min_size=1, max_size=5), min_size=1, max_size=3),
)
def test_nothing_of_a_stop_string_is_shown_before_it_is_complete(text, stops):
    stop = StopStrings(stops)
    shown = ""
    for letter in text:
        shown += stop.push(letter)
        assert cut(text, stops)[0].startswith(shown)
        if stop.stopped:
            break


def test_text_that_becomes_no_stop_string_is_held_no_longer_than_needed():
    stop = StopStrings(["USER:"])
    assert [stop.push(part) for part in ("a US", "E", "D car")] == ["a ", "", "USED car"]


@pytest.mark.parametrize(
    ("ids", "text", "stopped"),
    [
        (["▁the", "</s>"], "the", True),
        (["▁the", "▁a"], "the a", False),
        (["▁the", "b"], "the", True),
        (["▁the", "b", "</s>"], "the", True),
        (["</s>"], "", True),
        ([], "", False),
    ],
)
def test_an_answer_stops_at_eos_and_at_stop_strings(ids, text, stopped):
    tokenizer = KINDS["sentencepiece"]
    reading = Reading(Decoder(Alphabet(tokenizer)), ["b"], {2})
    found = reading.read(tokenizer.convert_tokens_to_ids(ids), is_last=True)
    assert (found, reading.stopped) == (text, stopped)


def test_an_eos_that_is_no_special_token_is_not_shown():
    tokenizer = KINDS["sentencepiece"]
    eos = tokenizer.convert_tokens_to_ids("▁世界")
    reading = Reading(Decoder(Alphabet(tokenizer)), [], {eos})
    assert reading.read(tokenizer.convert_tokens_to_ids(["▁the", "▁世界"]), is_last=True) == "the"


def test_tokens_are_counted_to_the_one_that_completed_a_stop_string():
    tokenizer = KINDS["sentencepiece"]
    ids = tokenizer.convert_tokens_to_ids(["▁the", "b", "▁the", "▁a", "</s>"])
    late = Reading(Decoder(Alphabet(tokenizer)), ["b"], {2})
    late.read(ids, is_last=True)
    without = Reading(Decoder(Alphabet(tokenizer)), [], {2})
    without.read(ids, is_last=True)
    assert (late.n_read, without.n_read) == (2, 5)
