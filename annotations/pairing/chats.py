"""Votes on conversations, as contests: only where both sides were told the same before."""

from collections.abc import Iterator
from itertools import combinations

from annotations.conversations.exports import Line, export_chats
from annotations.conversations.fastchat import find_seat, tell_earlier
from annotations.judging.preferences import Votes
from annotations.pairing.contests import Contest, Prompt
from annotations.pairing.wishes import PairWish
from annotations.store import Store
from backend.dialogue import Message

NEITHER = ("tie", "bad")


def read_chats(store: Store, wish: PairWish) -> Iterator[Contest]:
    """Yield each two sides of each turn that a person voted on, in the last word about them."""
    if wish.chats == "none":
        return
    for talk in export_chats(store, with_unrevealed=True):
        if (wish.chats == "all" or talk["mode"] == "blind") and talk["person"] not in wish.excluded:
            for turn in talk["turns"]:
                yield from tell_turn(talk, turn)


def tell_turn(talk: Line, turn: Line) -> Iterator[Contest]:
    """Yield the contests of one edition of a turn."""
    replies = {reply["reply_id"]: reply for reply in turn["replies"]}
    last = {tuple(ballot["replies"]): ballot for ballot in turn["ballots"]}
    source = (f"{talk['mode']} conversations",)
    for about, ballot in last.items():
        for left, right in combinations([replies[number] for number in about], 2):
            votes = {
                name: fell
                for name, choice in ballot["choices"].items()
                if (fell := read_choice(choice, left["position"], right["position"])) is not None
            }
            if votes:
                prompt = share_prompt(talk, turn, left, right)
                yield Contest(prompt, left["text"], right["text"], votes, source)


def read_choice(choice: str, left: int, right: int) -> Votes | None:
    """Return what a choice says of two sides; None where a third one was the best."""
    if choice in NEITHER:
        return 0, 0, 1
    if int(choice) not in (left, right):
        return None
    return (1, 0, 0) if int(choice) == left else (0, 1, 0)


def share_prompt(talk: Line, turn: Line, left: Line, right: Line) -> Prompt:
    """Return what both sides were told, or nothing where that was not the same."""
    prompt = tell_prompt(talk, turn, left)
    return prompt if prompt == tell_prompt(talk, turn, right) else ()


def tell_prompt(talk: Line, turn: Line, reply: Line) -> Prompt:
    """Return what one side was told before an answer: its system text, turns, the prompt."""
    system = find_seat(talk, reply)["system"]
    messages = [Message("system", system)] if system else []
    for earlier, said in tell_earlier(talk, turn, reply["position"]):
        messages += [
            Message("user", earlier["prompt"], earlier["input"]),
            Message("assistant", said["text"]),
        ]
    return (*messages, Message("user", turn["prompt"], turn["input"]))
