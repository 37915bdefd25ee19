"""Conversations for tests: seats, answers, and a clock that moves when it is told to."""

from annotations.conversations import Seat, add_turn, cast_ballot, save_reply, start_talk
from annotations.store import Store
from backend.dialogue import Reply
from backend.records import CRITERIA

KIM, LEE = "kim", "lee"


class Clock:
    """Seconds that pass one by one, each time somebody looks."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        self.now += 1
        return self.now


def make_seat(model: str, **settings) -> Seat:
    return Seat(0, model, model.title(), f"sha of {model}", **settings)


def begin(store: Store, *models: str, actor: str = KIM):
    return start_talk(store, actor, [make_seat(model) for model in models or ("left", "right")])


def answer(store: Store, turn, *texts: str, outcome: str = "ok"):
    """One attempt of each side, from left to right; an empty text is a side that said nothing."""
    return [
        save_reply(store, turn.turn_id, position, Reply(text, outcome), store.clock())
        for position, text in enumerate(texts)
        if text
    ]


def ask(store: Store, talk, prompt: str, *texts: str):
    """A turn with an answer of each side."""
    turn = add_turn(store, talk.conversation_id, talk.actor, prompt)
    answer(store, turn, *texts)
    return turn


def choose(*choices: str) -> dict[str, str]:
    """A vote on each question; one choice is for all of them."""
    return dict(zip(CRITERIA, choices * 3 if len(choices) == 1 else choices, strict=False))


def vote(store: Store, turn, *choices: str, actor: str = KIM, comment: str = ""):
    return cast_ballot(store, turn.turn_id, actor, choose(*choices), comment)
