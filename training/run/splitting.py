"""What is kept apart to measure on, and how a chat that is too long is taken apart."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from backend.dialogue import Message
from backend.templates.tokens import Encoded

Encode = Callable[[Sequence[Message]], Encoded]


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


def name_item(item: str, prompt: Sequence[Message]) -> str:
    """Return what a split keeps together: the item's own name, else the words that it asks with.

    Edge: a conversation without a name goes by its first question, so that two answers to one
    question never straddle the split.
    """
    if item:
        return item
    first = next((message for message in prompt if message.role == "user"), None)
    return f"\0{first.text.strip()}" if first else ""


def split_turns(messages: Sequence[Message], max_length: int, encode: Encode) -> Iterator[Encoded]:
    """Yield a conversation's ids in parts of whole turn pairs, each as long as fits.

    Edge: every part begins with the conversation's system message, where it has one. A pair that
    is too long alone is a part of its own, and stays too long.
    """
    start, pairs = pair_turns(messages)
    held: tuple[Message, ...] = ()
    last: Encoded | None = None
    for pair in pairs:
        longer = encode((*start, *held, *pair))
        if last and len(longer.ids) > max_length:
            yield last
            held, longer = (), encode((*start, *pair))
        held, last = (*held, *pair), longer
    if last:
        yield last


def pair_turns(
    messages: Sequence[Message],
) -> tuple[tuple[Message, ...], list[tuple[Message, ...]]]:
    """Return the system message, or nothing, and the turns by twos."""
    n = 1 if messages and messages[0].role == "system" else 0
    turns = messages[n:]
    return tuple(messages[:n]), [
        tuple(turns[place : place + 2]) for place in range(0, len(turns), 2)
    ]
