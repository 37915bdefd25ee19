"""Keeps what people wrote apart from what the template wrote, through any rendering.

A character that occurs nowhere in the conversation goes in front of every special token that a
message holds, and another to both ends of the message, so that its text can't become a special
token together with its surroundings. After the rendering, what is left intact is the template's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from backend.errors import InputError

PRIVATE = ((0xE000, 0xF900), (0xF0000, 0xFFFFE), (0x100000, 0x10FFFE))
# Unicode's white space, which tokenizers go by; str.strip() would take U+001C to U+001F too.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token that only a template may write; `lstrip` and `rstrip` say that it swallows space.

    Edge: one that isn't `special` (`<think>`) may stand in what a model has said.
    """

    text: str
    token_id: int
    lstrip: bool = False
    rstrip: bool = False
    special: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a rendered conversation: a text, or a special token of the template.

    Units: `carries_loss` is 1 in an answer and its end mark, else 0.
    """

    text: str
    carries_loss: int
    token: Token | None = None


@dataclass(frozen=True, slots=True)
class Nonce:
    """Four characters that occur nowhere else in one conversation."""

    broken: str
    edge: str
    start: str
    end: str


def choose_nonce(texts: Iterable[str]) -> Nonce:
    """Return four private-use characters that occur in none of the texts.

    Errors: InputError when the texts use up all the private-use characters that there are.
    """
    used = set().union(*texts)
    free = (chr(n) for first, end in PRIVATE for n in range(first, end) if chr(n) not in used)
    found = [character for character, _ in zip(free, range(4), strict=False)]
    if len(found) < 4:
        raise InputError("The conversation holds every private-use character; leave some out.")
    return Nonce(*found)


def match_tokens(tokens: Iterable[str]) -> str:
    """Return an expression that finds any of the tokens, the longest first; with none, nothing."""
    return "|".join(re.escape(token) for token in sorted(tokens, key=len, reverse=True)) or "(?!)"


def shield_message(
    message: Mapping[str, str], tokens: Iterable[Token], nonce: Nonce
) -> dict[str, str]:
    """Return a message as a template reads it, with shielded texts."""
    speaks = message["role"] == "assistant"
    words = [token.text for token in tokens if token.special or not speaks]
    return {
        name: text if name == "role" else shield_text(text, words, nonce)
        for name, text in message.items()
    }


def shield_text(text: str, tokens: Iterable[str], nonce: Nonce) -> str:
    """Return a text in which no token is intact, alone or together with what is put around it.

    Edge: space at both ends stays there, so that a template's trim works as ever.
    """
    broken = re.sub(f"(?={match_tokens(tokens)})", nonce.broken, text)
    core = broken.strip()
    if not core:
        return broken
    begin = len(broken) - len(broken.lstrip())
    end = begin + len(core)
    return f"{broken[:begin]}{nonce.edge}{core}{nonce.edge}{broken[end:]}"


def split_pieces(rendered: str, tokens: Sequence[Token], nonce: Nonce) -> list[Piece]:
    """Cut a rendered conversation at the template's tokens and at the borders of its answers."""
    known = {token.text: token for token in tokens}
    marks = f"[{nonce.start}{nonce.end}]"
    cut = re.compile(f"((?<!{nonce.broken})(?:{match_tokens(known)})|{marks})")
    pieces: list[Piece] = []
    carries_loss = 0
    for place, text in enumerate(cut.split(rendered)):
        if place % 2 == 0:
            clean = text.replace(nonce.broken, "").replace(nonce.edge, "")
            pieces.append(Piece(clean, carries_loss))
        elif text in known:
            pieces.append(Piece(text, carries_loss, known[text]))
        else:
            carries_loss = int(text == nonce.start)
    return [piece for piece in swallow_space(pieces) if piece.text]


def swallow_space(pieces: Sequence[Piece]) -> list[Piece]:
    """Take from texts the space that the tokens beside them swallow, never past an answer's border.

    Edge: pieces alternate: between two tokens or borders there is a text, be it empty.
    """
    swallowed = list(pieces)
    for place, piece in enumerate(pieces):
        if piece.token and piece.token.lstrip:
            before = swallowed[place - 1]
            swallowed[place - 1] = replace(before, text=before.text.rstrip(SPACE))
        if piece.token and piece.token.rstrip:
            after = swallowed[place + 1]
            swallowed[place + 1] = replace(after, text=after.text.lstrip(SPACE))
    return swallowed
