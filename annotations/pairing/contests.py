"""Contests: two answers to one prompt, and all the votes on them, wherever they were cast.

A study, a judge and a conversation can be about the same two answers: then they are one contest,
and their votes are counted together.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from annotations.judging.preferences import Votes
from backend.dialogue import Message
from backend.records import hash_text

Prompt = tuple[Message, ...]
NO_VOTES: Votes = (0, 0, 0)
ITEM_LETTERS = 16


@dataclass(frozen=True, slots=True)
class Contest:
    """Two answers to one prompt; `votes` are for a, for b and for neither, by criterion.

    `sources` is where the votes come from. Edge: an empty `prompt` is one that the two don't share.
    """

    prompt: Prompt
    a: str
    b: str
    votes: Mapping[str, Votes]
    sources: tuple[str, ...] = ()

    @property
    def is_turned(self) -> bool:
        """Say whether a's text comes after b's."""
        return self.a > self.b

    @property
    def n_votes(self) -> int:
        """Return how many votes there are on the criterion that has most."""
        return max((sum(votes) for votes in self.votes.values()), default=0)

    @property
    def item(self) -> str:
        """Return what a split keeps together: all that begins with the same question."""
        return name_item(self.prompt)


def name_item(prompt: Prompt) -> str:
    """Return the name of the question that a prompt begins with: a hash of its words.

    Edge: benchmarks and conversations that ask the same share it, capitals and spaces apart.
    """
    asked = next((one for one in prompt if one.role == "user"), Message("user", ""))
    words = [" ".join(part.split()).casefold() for part in (asked.content, asked.input)]
    return hash_text(*words)[:ITEM_LETTERS]


def turn_votes(votes: Votes) -> Votes:
    """Return votes as they are when the two change places."""
    return votes[1], votes[0], votes[2]


def turn(contest: Contest) -> Contest:
    """Return a contest with its sides exchanged."""
    votes = {criterion: turn_votes(fell) for criterion, fell in contest.votes.items()}
    return Contest(contest.prompt, contest.b, contest.a, votes, contest.sources)


def add_votes(first: Votes, second: Votes) -> Votes:
    """Return the votes of both."""
    return first[0] + second[0], first[1] + second[1], first[2] + second[2]


def merge_contests(contests: Iterable[Contest]) -> list[Contest]:
    """Return contests with those about the same two texts made one, in the order they came.

    Edge: those without a prompt stay as they are.
    """
    merged: dict[object, Contest] = {}
    for place, found in enumerate(contests):
        one = turn(found) if found.is_turned else found
        key = (one.prompt, one.a, one.b) if one.prompt else place
        merged[key] = join_contests(merged[key], one) if key in merged else one
    return list(merged.values())


def join_contests(first: Contest, second: Contest) -> Contest:
    """Return two contests about the same texts as one."""
    votes: dict[str, Votes] = defaultdict(lambda: NO_VOTES, first.votes)
    for criterion, fell in second.votes.items():
        votes[criterion] = add_votes(votes[criterion], fell)
    sources = tuple(dict.fromkeys((*first.sources, *second.sources)))
    return Contest(first.prompt, first.a, first.b, dict(votes), sources)
