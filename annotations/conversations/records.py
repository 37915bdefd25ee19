"""The nouns of a conversation, as the ledger holds them."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Literal

from backend.dialogue import Reply, Sampling

Mode = Literal["named", "blind"]

# The position of the better side, or: none is better, none is good.
CHAT_CHOICES: tuple[str, ...] = ("0", "1", "2", "3", "tie", "bad")


@dataclass(frozen=True, slots=True)
class Seat:
    """One side of a conversation: a model, and the settings that it is asked with.

    `position` 0 is the left side. `template` is empty where the server or the tokenizer has its
    own; `version` counts the changes of the settings and is given by the ledger.
    """

    position: int
    model: str
    label: str
    card_sha256: str
    template: str = ""
    template_sha256: str = ""
    system: str = ""
    sampling: Sampling = Sampling()  # noqa: RUF009 - frozen
    version: int = 0

    def has_same_settings(self, other: "Seat") -> bool:
        """Say whether two versions of a seat ask a model in the same way."""
        return replace(self, position=other.position, version=other.version) == other


@dataclass(frozen=True, slots=True)
class StoredReply:
    """One attempt of one side to answer a turn. Units: epoch seconds.

    `seat_version` says which of the seat's settings it was made with.
    """

    reply_id: int
    position: int
    attempt: int
    seat_version: int
    reply: Reply
    started_at: float
    created_at: float

    @property
    def was_said(self) -> bool:
        """Say whether the person saw this as what the model said: an answer, or one they cut."""
        return self.reply.answered or (self.reply.outcome == "stopped" and bool(self.reply.text))


@dataclass(frozen=True, slots=True)
class ChatBallot:
    """One revision of a person's votes on a turn, with the replies that it is about, by side."""

    ballot_id: int
    turn_id: int
    revision: int
    choices: dict[str, str]
    comment: str
    reply_ids: tuple[int, ...]
    created_at: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt in its latest edition, and what each side made of it.

    `replies` are the latest attempts, `said` the latest ones with a text that the model goes on
    from; both by side, None where there is none. `input` is Alpaca's further context.
    Edge: `ballot` is None again once one of the answers that it was about was asked for again.
    """

    turn_id: int
    number: int
    edition: int
    prompt: str
    input: str
    created_at: float
    replies: tuple[StoredReply | None, ...]
    said: tuple[StoredReply | None, ...]
    ballot: ChatBallot | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person's conversation with 2 to 4 sides; `key` can't be guessed and goes into addresses.

    Edge: the seats of a blind conversation hold the models' names all the same: nothing of `seats`
    or of a reply but its text may go to a browser before `is_open`.
    """

    conversation_id: int
    key: str
    actor: str
    mode: Mode
    revealed: bool
    seats: tuple[Seat, ...]
    turns: tuple[Turn, ...]
    created_at: float

    @property
    def is_open(self) -> bool:
        """Say whether the person may know who is who."""
        return self.mode == "named" or self.revealed


def write_sampling(sampling: Sampling) -> str:
    """Return sampling parameters as the ledger keeps them."""
    return json.dumps(asdict(sampling), sort_keys=True, ensure_ascii=False)


def read_sampling(text: str) -> Sampling:
    """Return sampling parameters from the ledger."""
    fields = json.loads(text)
    return Sampling(**{**fields, "stop": tuple(fields["stop"])})


def clean_text(text: str) -> str:
    """Return text from a model so that the ledger and every file can hold it.

    Edge: two halves of a surrogate pair become their character; a lone half, and NUL, U+FFFD.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")
