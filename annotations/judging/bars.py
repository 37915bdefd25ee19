"""What the bars of figures 4 and 5 show: how well a system scores beside a reference.

The unit is the question. Both orders and all repeats of one question make one mean; the bar is the
sum of these means over the questions, and its interval comes from drawing the questions again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from annotations.judging.records import Judgment, Scores
from annotations.statistics import N_RESAMPLES, Interval, bound, make_rng
from backend.judge.records import VERDICT_OUTCOMES

NO_CATEGORY = "no category"  # how the bar of questions is called that have none

Means = npt.NDArray[np.float64]  # one row a question: mean score of the system, of the reference


@dataclass(frozen=True, slots=True)
class Bar:
    """How one system did beside its reference, by one judge.

    Units: sums of scores from 0 to 10, one for each question; `share` and its interval are
    sum_system / sum_reference; `mean_difference` is in points of one question. `wins`, `ties` and
    `losses` count questions. `protocol` is all of how the judge was asked: with another temperature
    it is another. Edge: without a counted score the sums and all that follows from them are None;
    what was published has no counts, they are None too. `outcomes` names how every judgment ended,
    and those without a score that counts never as "ok"; `sources` are files and runs. `has_stored`
    says whether a file brought scores, or winners, of its own.
    """

    system: str
    reference: str
    judge: str
    sum_system: float | None
    sum_reference: float | None
    benchmark: str = ""
    protocol: str = ""
    judge_assumed: bool = False
    source: str = "ours"
    sources: tuple[str, ...] = ()
    scores: Scores = "read"
    category: str = ""
    n_questions: int | None = None
    n_judgments: int | None = None
    interval: Interval | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    mean_difference: float | None = None
    difference_interval: Interval | None = None
    has_stored: bool = False

    @property
    def share(self) -> float | None:
        """Return the system's sum as a part of the reference's; None where that can't be."""
        if self.sum_system is None or not self.sum_reference:
            return None
        return self.sum_system / self.sum_reference

    @property
    def n_failed(self) -> int:
        """Return how many judgments gave nothing that counts."""
        return sum(n for outcome, n in self.outcomes.items() if outcome != "ok")


@dataclass(frozen=True, slots=True)
class Faced:
    """One judgment as seen from a system: its score and the reference's, and the winner's sign.

    Units: `sign` is 1 where the system won, 0 for a tie, -1 where it lost.
    """

    judgment: Judgment
    system: str
    reference: str
    scores: tuple[float, float] | None
    sign: int | None

    @property
    def outcome(self) -> str:
        """Return how it ended, as it counts: a person's reading turns a failure into a score."""
        if self.scores is not None or self.sign is not None:
            return "ok"
        return "unreadable" if self.judgment.outcome == "ok" else self.judgment.outcome


def make_bars(
    judgments: Iterable[Judgment],
    *,
    scores: Scores,
    reference: str | None = None,
    judge: str | None = None,
    by_category: bool = False,
) -> list[Bar]:
    """Return a bar for each benchmark, judge, protocol, reference and system, in order of arrival.

    A `reference` takes the judgments that have it on either side and turns them so that it is the
    one that others are measured against; without, each stands against its own. With `by_category`
    there is a bar for each category as well. Edge: single answers have no reference, and no bar.
    """
    groups: dict[tuple[str, ...], list[Faced]] = {}
    for one in judgments:
        faced = face(one, scores, reference)
        if faced is None or (judge is not None and one.judge != judge):
            continue
        key = (
            one.benchmark, one.judge, str(one.judge_assumed), one.way, faced.reference,
            faced.system, (one.category or NO_CATEGORY) if by_category else "",
        )  # fmt: skip
        groups.setdefault(key, []).append(faced)
    return [make_bar(several, scores, key[-1]) for key, several in groups.items()]


def face(judgment: Judgment, scores: Scores, reference: str | None = None) -> Faced | None:
    """Return a judgment as seen from the system beside the reference; None where there is none."""
    if judgment.system_2 is None or judgment.kind == "single":
        return None
    place = judgment.reference_slot or 2
    sides = (judgment.system_1, judgment.system_2)
    if reference is not None and sides[place - 1] != reference:
        if reference not in sides:
            return None
        place = 3 - place
    counted, winner = judgment.score(scores), judgment.winner(scores)
    pair = None
    if counted is not None and counted[1] is not None:
        pair = (counted[2 - place], counted[place - 1])
    sign = None if winner is None else {"tie": 0, str(3 - place): 1, str(place): -1}[winner]
    return Faced(judgment, sides[2 - place], sides[place - 1], pair, sign)  # type: ignore[arg-type]


def make_bar(several: Sequence[Faced], scores: Scores, category: str = "") -> Bar:
    """Return the bar of judgments that belong together: one system, reference, judge, protocol."""
    first, one = several[0], several[0].judgment
    words = (one.benchmark, first.system, first.reference, one.judge, one.way, category)
    means = mean_scores(several)
    interval, difference = bound_sums(means, make_rng("bars", *words))
    wins, ties, losses = count_wins(several)
    sums = means.sum(axis=0) if len(means) else None
    return Bar(
        first.system, first.reference, one.judge,
        None if sums is None else float(sums[0]), None if sums is None else float(sums[1]),
        benchmark=one.benchmark, protocol=one.way, judge_assumed=one.judge_assumed,
        sources=tuple(dict.fromkeys(faced.judgment.source for faced in several)),
        scores=scores, category=category, n_questions=len(means),
        n_judgments=sum(faced.scores is not None for faced in several), interval=interval,
        outcomes=count_outcomes(several), wins=wins, ties=ties, losses=losses,
        mean_difference=None if sums is None else float(sums[0] - sums[1]) / len(means),
        difference_interval=difference,
        has_stored=any(
            faced.judgment.stored is not None or faced.judgment.said_winner for faced in several
        ),
    )  # fmt: skip


def mean_scores(several: Iterable[Faced]) -> Means:
    """Return each question's mean scores over its judgments that have scores.

    Shapes: (questions with at least one score, 2): system, reference.
    """
    pairs: dict[str, list[tuple[float, float]]] = {}
    for faced in several:
        if faced.scores is not None:
            pairs.setdefault(faced.judgment.item_id, []).append(faced.scores)
    means = [np.mean(found, axis=0) for found in pairs.values()]
    return np.array(means, dtype=np.float64).reshape(-1, 2)


def bound_sums(
    means: Means, rng: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> tuple[Interval | None, Interval | None]:
    """Return the intervals of the ratio of the sums and of the mean difference, over questions.

    Shapes: means (questions, 2). Edge: None where drawing again can't tell: one question only, the
    same in all, or a reference that has nothing but zeros in some draw.
    Source: Efron & Tibshirani (1993), ch. 8, with the question as the unit that is drawn.
    """
    if len(means) < 2:
        return None, None
    patterns, frequency = np.unique(means, axis=0, return_counts=True)
    sums = rng.multinomial(len(means), frequency / len(means), size=n_resamples) @ patterns
    difference = bound((sums[:, 0] - sums[:, 1]) / len(means))
    if not sums[:, 1].all():
        return None, difference
    return bound(sums[:, 0] / sums[:, 1]), difference


def count_wins(several: Iterable[Faced]) -> tuple[int, int, int]:
    """Return on how many questions the system won, tied and lost.

    A question goes to who won more of its judgments; orders that contradict each other are a tie.
    """
    signs: dict[str, int] = {}
    for faced in several:
        if faced.sign is not None:
            item = faced.judgment.item_id
            signs[item] = signs.get(item, 0) + faced.sign
    found = list(signs.values())
    wins, losses = sum(sign > 0 for sign in found), sum(sign < 0 for sign in found)
    return wins, len(found) - wins - losses, losses


def count_outcomes(several: Sequence[Faced]) -> dict[str, int]:
    """Return how many judgments ended in each way."""
    ended = [faced.outcome for faced in several]
    return {outcome: ended.count(outcome) for outcome in VERDICT_OUTCOMES}
