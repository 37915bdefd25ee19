"""Where a judge and people part, pair by pair, the plainest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from annotations.judging.agreement import Meeting, find_matchups, list_meetings, list_voted
from annotations.judging.preferences import Evidence, Rater, Votes, lead_to
from backend.records import Winner

Kind = Literal["opposite", "half"]  # two sides, or a side and a tie


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One pair on which the judge prefers otherwise than more of the people do.

    `judged` and `people` name sides of the pair. `lead` is the judge's mean score of a less that of
    b, None without scores.
    """

    meeting: Meeting
    judged: Winner
    people: Winner
    votes: Votes
    lead: float | None

    @property
    def kind(self) -> Kind:
        """Return whether both took a side."""
        return "half" if "tie" in (self.judged, self.people) else "opposite"

    @property
    def weight(self) -> tuple[bool, float, float]:
        """Return how plain it is: by sides, then by the votes' margin, then by the scores'."""
        n_a, n_b, n_tie = self.votes
        margin = abs(n_a - n_b) / (n_a + n_b + n_tie)
        return self.kind == "opposite", margin, abs(self.lead or 0)


def list_disagreements(
    evidence: Evidence, rater: Rater, criterion: str, kinds: Sequence[Kind] = ("opposite", "half")
) -> list[Disagreement]:
    """Return where a rater and people part by one criterion, the plainest first, then by study."""
    met = list_meetings(list_voted(evidence, criterion), find_matchups(evidence, rater))
    found = [make_disagreement(one, criterion) for one in met]
    parted = [one for one in found if one.judged != one.people and one.kind in kinds]
    return sorted(parted, key=lambda one: one.weight, reverse=True)


def make_disagreement(meeting: Meeting, criterion: str) -> Disagreement:
    """Return what both say of a pair that both judged."""
    votes = meeting.pair.votes[criterion]
    lead = meeting.matchup.lead
    if lead is not None and meeting.matchup.a != meeting.pair.comparison.a:
        lead = -lead
    people = lead_to(votes[0], votes[1])
    return Disagreement(meeting, meeting.preference, people, votes, lead)
