"""What is kept apart to measure on, and how a chat that is too long is taken apart."""

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from backend.dialogue import Message
from backend.templates.tokens import Encoded
from training.data.benchmarks import hash_question

Encode = Callable[[Sequence[Message]], Encoded]
PART = re.compile(r"(.+)_(\d{1,6})")
MOST_PARTS = 64


def choose_held_out(items: Sequence[str], share: float, seed: int) -> frozenset[str]:
    """Return the items that are only measured: a share of them, drawn by the seed.

    Edge: which item is drawn depends on its name and the seed alone, not on the others or their
    order, but for where the share ends; a share above 0 holds out one of two items at least, and
    never all.
    """
    known = set(items)
    if share <= 0 or len(known) < 2:
        return frozenset()
    n = min(len(known) - 1, max(1, round(share * len(known))))
    return frozenset(sorted(known, key=lambda item: draw_lot(item, seed))[:n])


def draw_lot(item: str, seed: int) -> str:
    """Return where an item stands in the draw."""
    return sha256(f"{seed}\0{item}".encode("utf-8", "surrogatepass")).hexdigest()


def name_items(asked: Sequence[tuple[str, Sequence[Message]]]) -> list[str]:
    """Return what a split keeps together, for each row of an item's own name and its messages.

    Rows of one name are one item, and so are rows that ask the same, whatever their names: files
    number one question twice, or write it with another case, white space or full stop.
    Edge: a conversation goes by its first question. What a row is called depends neither on the
    others' order nor on their number, but for which of them hang together.
    """
    parents: dict[str, str] = {}
    keys = [(item, name_question(messages)) for item, messages in asked]
    for item, question in keys:
        join(parents, item or question, question)
    return [find_root(parents, item or question) for item, question in keys]


def name_chats(ids: Sequence[str]) -> list[str]:
    """Return the ids of chats, of which the parts of one chat that was split have the same.

    Edge: a part is called by its chat and the number of its first turn, which is even. Where a
    number is odd, or there are many of them, they only count: those are chats of their own.
    Source: FastChat's split_long_conversation.py.
    """
    parts: dict[str, set[int]] = {}
    found = [PART.fullmatch(id) for id in ids]
    for one in found:
        if one:
            parts.setdefault(one[1], set()).add(int(one[2]))
    split = {
        chat
        for chat, turns in parts.items()
        if 1 < len(turns) <= MOST_PARTS and not any(turn % 2 for turn in turns)
    }
    chats = zip(ids, found, strict=True)
    return [one[1] if one and one[1] in split else id for id, one in chats]


def name_question(messages: Sequence[Message]) -> str:
    """Return the name of what a conversation asks first, which is the name of no item."""
    first = next((message for message in messages if message.role == "user"), None)
    return f"\0{hash_question(first.text)}" if first else "\0"


def join(parents: dict[str, str], one: str, other: str) -> None:
    """Let two keys hang together; an item's own name stands above a question's."""
    roots = sorted((find_root(parents, one), find_root(parents, other)), key=rank_name)
    parents[roots[1]] = roots[0]


def rank_name(key: str) -> tuple[bool, str]:
    """Return where a key stands: items before questions, each by their letters."""
    return key.startswith("\0"), key


def find_root(parents: dict[str, str], key: str) -> str:
    """Return what a key hangs together with, by its name; on the way, it is hung closer."""
    while (above := parents.setdefault(key, key)) != key:
        parents[key] = parents[above]
        key = above
    return key


def split_turns(messages: Sequence[Message], max_length: int, encode: Encode) -> Iterator[Encoded]:
    """Yield a conversation's ids in parts of whole turn pairs, each as long as fits.

    Edge: every part begins with the conversation's system message, where it has one. A pair that
    is too long alone is a part of its own, and stays too long.
    """
    start, pairs = pair_turns(messages)
    sizes = measure_pairs(encode(messages), max_length, len(pairs))
    place = 0
    while place < len(pairs):
        first = encode((*start, *pairs[place]))
        end, size = place + 1, len(first.ids)
        while end < len(pairs) and size + sizes[end] <= max_length:
            size, end = size + sizes[end], end + 1
        turns = (turn for pair in pairs[place:end] for turn in pair)
        yield first if end == place + 1 else encode((*start, *turns))
        place = end


def measure_pairs(whole: Encoded, max_length: int, n_pairs: int) -> list[int]:
    """Return how many tokens each pair adds to a conversation that it doesn't begin.

    Pairs are as long in any company, as texts end where an answer does: so a chat is measured once,
    and not again for every pair. Edge: where no answers are marked, none fits beside another.
    """
    borders = zip(whole.mask, [*whole.mask[1:], 0], strict=True)
    ends = [place for place, (here, next_) in enumerate(borders, 1) if here and not next_]
    if len(ends) != n_pairs:
        return [max_length + 1] * n_pairs
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def pair_turns(
    messages: Sequence[Message],
) -> tuple[tuple[Message, ...], list[tuple[Message, ...]]]:
    """Return the system message, or nothing, and the turns by twos."""
    n = 1 if messages and messages[0].role == "system" else 0
    turns = messages[n:]
    return tuple(messages[:n]), [
        tuple(turns[place : place + 2]) for place in range(0, len(turns), 2)
    ]
