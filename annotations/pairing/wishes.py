"""Which preferences become pairs, and how ties and disagreement among them count."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from backend.errors import InputError
from backend.records import CRITERIA

Chats = Literal["none", "blind", "all"]
Combine = Literal["all", "majority", "weighted"]
Ties = Literal["skip", "against"]
Disagreement = Literal["majority", "unanimous", "share"]

CHATS: tuple[Chats, ...] = ("none", "blind", "all")
COMBINES: tuple[Combine, ...] = ("all", "majority", "weighted")
TIES: tuple[Ties, ...] = ("skip", "against")
DISAGREEMENTS: tuple[Disagreement, ...] = ("majority", "unanimous", "share")

MAX_VOTES = 99  # that a pair can be asked to have
MAX_WEIGHT = 1000.0


@dataclass(frozen=True, slots=True)
class PairWish:
    """Whose preferences count, and when they make a pair.

    `studies` are names, `judges` those who judged `benchmarks` (none named: all of them); `chats`
    are the votes on conversations, those on blind ones only, or none. `combine` is for several
    criteria: all of them agree, more of them, or the mean of their leads with `weights`, one each.
    `ties` says whether a vote for neither is skipped or counts against whoever leads: a lead is
    then more than half of all votes. `disagreement` "share" is the majority with its lead as the
    pair's margin. `excluded` are the codes of people, as exports have them.
    Edge: fewer votes than `min_votes` on a criterion are none at all.
    """

    studies: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    chats: Chats = "none"
    criteria: tuple[str, ...] = CRITERIA[:1]
    combine: Combine = "all"
    weights: tuple[float, ...] = ()
    ties: Ties = "skip"
    disagreement: Disagreement = "majority"
    min_votes: int = 1
    outside: bool = True
    excluded: tuple[str, ...] = ()

    @property
    def shares(self) -> dict[str, float]:
        """Return each criterion with its weight; without weights all weigh the same."""
        weights = self.weights if self.combine == "weighted" and self.weights else None
        return dict(zip(self.criteria, weights or [1.0] * len(self.criteria), strict=True))


def check_wish(wish: PairWish) -> None:
    """Refuse what makes no sense.

    Errors: InputError with the value and what it can be.
    """
    if not wish.studies and not wish.judges and wish.chats == "none":
        raise InputError("Choose a study, a judge, or votes on conversations first.")
    if not wish.criteria or len(set(wish.criteria)) < len(wish.criteria):
        raise InputError(f"Choose one or more criteria, each once: {', '.join(CRITERIA)}.")
    for criterion in wish.criteria:
        check_choice("The criterion", criterion, CRITERIA)
    check_choice("Conversations", wish.chats, CHATS)
    check_choice("How criteria combine", wish.combine, COMBINES)
    check_choice("What a tie does", wish.ties, TIES)
    check_choice("Disagreement", wish.disagreement, DISAGREEMENTS)
    if not 1 <= wish.min_votes <= MAX_VOTES:
        raise InputError(f"Fewest votes is {wish.min_votes}; it can be 1 to {MAX_VOTES}.")
    if wish.combine == "weighted":
        check_weights(wish)


def check_weights(wish: PairWish) -> None:
    """Refuse weights that don't belong to the criteria, or weigh nothing."""
    if len(wish.weights) not in (0, len(wish.criteria)):
        raise InputError(
            f"There are {len(wish.weights)} weights for {len(wish.criteria)} criteria; give one "
            "for each, in their order."
        )
    if not all(isfinite(one) and 0 <= one <= MAX_WEIGHT for one in wish.weights):
        raise InputError(f"A weight is 0 to {MAX_WEIGHT:g}; these are {tell_all(wish.weights)}.")
    if wish.weights and not any(wish.weights):
        raise InputError("All weights are 0, so that nothing counts. Give one of them more.")


def check_choice(what: str, word: str, words: Sequence[str]) -> None:
    """Refuse a word that is none of those it can be."""
    if word not in words:
        raise InputError(f"{what} is {word!r}; it can be {' or '.join(words)}.")


def tell_all(numbers: Sequence[float]) -> str:
    """Return numbers one after another."""
    return ", ".join(f"{number:g}" for number in numbers)
