import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InputError
from backend.templates.shields import (
    PRIVATE,
    Token,
    choose_nonce,
    shield_message,
    shield_text,
    split_pieces,
)

TOKENS = (Token("<s>", 1), Token("</s>", 2), Token("</s></s>", 3), Token("#", 4))
WORDS = [token.text for token in TOKENS]
HOSTILE = st.lists(
    st.sampled_from(["<", "/", "s", ">", "</s>", "<s>", "#", " ", "\n", "\ue000", "\ue001"])
).map("".join)


def find_tokens(text, nonce):
    return [piece.token.text for piece in split_pieces(text, TOKENS, nonce) if piece.token]


@given(text=HOSTILE, before=HOSTILE, after=HOSTILE)
def test_a_shielded_text_adds_no_token_and_takes_none(text, before, after):
    nonce = choose_nonce([text, before, after])
    text = f"x{text}y"  # space at its ends is the template's affair
    written = f"{before}{shield_text(text, WORDS, nonce)}{after}"
    expected = find_tokens(before, nonce) + find_tokens(after, nonce)
    assert find_tokens(written, nonce) == expected
    pieces = split_pieces(written, TOKENS, nonce)
    assert "".join(piece.text for piece in pieces) == f"{before}{text}{after}"


@given(text=HOSTILE, before=HOSTILE, after=HOSTILE)
def test_text_and_template_make_no_token_together(text, before, after):
    nonce = choose_nonce([text, before, after])
    text = text.strip()
    written = f"{before}{shield_text(text, WORDS, nonce)}{after}"
    apart = find_tokens(before, nonce) + find_tokens(after, nonce)
    assert not text or find_tokens(written, nonce) == apart


def test_without_a_shield_text_becomes_a_token():
    nonce = choose_nonce([])
    assert find_tokens("</s>", nonce) == ["</s>"]
    assert find_tokens("</" + "s>", nonce) == ["</s>"]
    assert find_tokens(shield_text("</s>", WORDS, nonce), nonce) == []
    assert find_tokens("</" + shield_text("s>", WORDS, nonce), nonce) == []


@given(text=HOSTILE)
def test_trimming_takes_the_same_space_from_a_shielded_text(text):
    nonce = choose_nonce([text])
    pieces = split_pieces(shield_text(text, WORDS, nonce).strip(), TOKENS, nonce)
    assert "".join(piece.text for piece in pieces) == text.strip()


def test_of_what_a_model_has_said_only_special_tokens_are_shielded():
    nonce = choose_nonce([])
    tokens = [*TOKENS, Token("<think>", 5, special=False)]
    told = {"role": "assistant", "content": "a<think>b</s>c"}
    said = shield_message(told, tokens, nonce)["content"]
    asked = shield_message(told | {"role": "user"}, tokens, nonce)["content"]
    assert "<think>" in said and f"{nonce.broken}<think>" not in said
    assert f"{nonce.broken}<think>" in asked
    assert f"{nonce.broken}</s>" in said


def test_marks_say_which_pieces_carry_loss():
    nonce = choose_nonce([])
    written = f"<s>Q{nonce.start}A</s>{nonce.end}\nQ"
    pieces = [(piece.text, piece.carries_loss) for piece in split_pieces(written, TOKENS, nonce)]
    assert pieces == [("<s>", 0), ("Q", 0), ("A", 1), ("</s>", 1), ("\nQ", 0)]


def test_tokens_swallow_space_but_not_past_a_border():
    nonce = choose_nonce([])
    tokens = [Token("<a>", 1, lstrip=True, rstrip=True)]
    pieces = split_pieces(f"x \n<a>\n y <a>{nonce.start} z{nonce.end}", tokens, nonce)
    assert [piece.text for piece in pieces] == ["x", "<a>", "y", "<a>", " z"]


@given(st.lists(st.characters(min_codepoint=0xE000, max_codepoint=0xE010)).map("".join))
def test_a_nonce_occurs_in_no_text(text):
    nonce = choose_nonce(["abc", text])
    found = {nonce.broken, nonce.edge, nonce.start, nonce.end}
    assert len(found) == 4
    assert not found & set(text)


def test_a_text_of_all_private_characters_is_refused():
    everything = "".join(chr(n) for first, end in PRIVATE for n in range(first, end))
    with pytest.raises(InputError, match="every private-use character"):
        choose_nonce([everything])


def test_a_long_text_is_shielded_at_once():
    nonce = choose_nonce([])
    text = "a" + " " * 200_000 + "<" * 200_000 + "b"
    assert len(shield_text(text, WORDS, nonce)) == len(text) + 2
