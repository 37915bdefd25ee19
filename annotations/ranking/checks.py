"""Checks of a reward model: the answers that people or a judge compared get their scores.

A score is kept with its answer, so that it is asked for once; a failure is a named outcome and
never a number.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from annotations.conversations.records import clean_text
from annotations.generation import Ending
from annotations.judging.preferences import (
    is_canary,
    lead_to,
    list_studies,
    match_up,
    read_pairs,
)
from annotations.judging.records import list_judgments, read_choice
from annotations.library import find_benchmark
from annotations.orders import count
from annotations.ranking.calibration import Calibration, Duel, calibrate
from annotations.ranking.orders import find_reward, hash_reward
from annotations.rounds import Round
from annotations.store import Row, Store
from annotations.studies import find_study
from backend.crew import Crew
from backend.dialogue import Message
from backend.errors import InputError
from backend.records import CRITERIA
from backend.registry.cards import Card, LocalCard
from backend.scoring import Marks
from backend.switchboard import Switchboard

if TYPE_CHECKING:
    from backend.client import Client

Sides = tuple[int, int, str, str]  # two answers, by their numbers, and their systems
Asked = Callable[[str], bool]  # says something of a question

N_PARALLEL = 2  # a worker scores one request after the other: one is scored, one waits

# One row: one of some answers that has a score by some reward model, wherever it was asked for.
SELECT_SCORES = """
    SELECT answer_id, score FROM (
        SELECT answer_id, score, outcome, reward_sha256 FROM reward UNION ALL
        SELECT answer_id, score, outcome, reward_sha256 FROM checked_answer)
    WHERE outcome = 'ok' AND reward_sha256 = ? AND answer_id IN (SELECT value FROM json_each(?))"""

# One row: one of some answers, with what was asked.
SELECT_TEXTS = """
    SELECT a.answer_id, a.text, i.item_id, i.instruction, i.input
    FROM answer a JOIN item i USING(item_id)
    WHERE a.answer_id IN (SELECT value FROM json_each(?))
    ORDER BY i.benchmark_id, i.ord, answer_id"""


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """Which reward model is compared with whom: those who voted in a study, or on a benchmark.

    Exactly one of `study` and `benchmark` is given. A `judge` of the benchmark takes the place of
    people, and has no criterion.
    """

    reward: str
    study: str = ""
    benchmark: str = ""
    criterion: str = CRITERIA[0]
    judge: str = ""

    @property
    def who(self) -> str:
        """Return who decided, in words."""
        return self.judge or "people"


@dataclass(frozen=True, slots=True)
class Question:
    """One item with the answers to it that have no score yet, by their numbers."""

    message: Message
    answers: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class CheckOutlook:
    """What a check will do: the pairs it compares, and what has to be scored first."""

    order: CheckOrder
    card: LocalCard
    reward_sha256: str
    duels: tuple[Duel, ...]
    missing: tuple[Question, ...]

    @property
    def n_wanted(self) -> int:
        """Return how many answers have no score."""
        return sum(len(one.answers) for one in self.missing)

    @property
    def words(self) -> str:
        """Return what will happen, in a sentence."""
        n = self.n_wanted
        there = f"{count(n, 'answer')} to be scored first" if n else "all answers have scores"
        return f"{count(len(self.duels), 'pair')} to compare with {self.card.label}; {there}."


@dataclass(frozen=True, slots=True)
class CheckEnd:
    """How the scoring ended; `outcomes` counts how each answer's did, by its name."""

    ending: Ending
    message: str
    n_wanted: int
    outcomes: dict[str, int]


def check_order(order: CheckOrder) -> None:
    """Refuse what makes no sense.

    Errors: InputError that says what to give.
    """
    if bool(order.study) == bool(order.benchmark):
        raise InputError("Name one of the two: a study, or a benchmark with all its studies.")
    if order.judge and not order.benchmark:
        raise InputError(f"Name the benchmark that {order.judge} has judged.")
    if order.criterion not in CRITERIA:
        raise InputError(
            f"The criterion is {order.criterion!r}; it can be {' or '.join(CRITERIA)}."
        )


def read_duels(store: Store, order: CheckOrder) -> list[Duel]:
    """Return the pairs that people, or a judge, compared, with whom they prefer.

    Edge: two answers that are one text can only have one score; they are no pair here.
    Errors: InputError for an order that makes no sense; NotFound for an unknown name.
    """
    check_order(order)
    with store.snapshot():
        duels = read_judged(store, order) if order.judge else read_voted(store, order)
        texts = {row["answer_id"]: row["text"] for row in list_texts(store, duels)}
    return [duel for duel in duels if texts[duel.a] != texts[duel.b]]


def read_voted(store: Store, order: CheckOrder) -> list[Duel]:
    """Return the pairs that people compared; the side with more votes is preferred.

    Edge: what several studies asked about is one pair, with all their votes.
    """
    if order.study:
        studies = [find_study(store, order.study)]
    else:
        studies = list_studies(store, find_benchmark(store, order.benchmark).name)
    return count_up(
        ((a, b, pair.comparison.a, pair.comparison.b), votes[:2])
        for pair in read_pairs(store, studies)
        if (votes := pair.votes.get(order.criterion))
        and (a := pair.answers[0]) is not None
        and (b := pair.answers[1]) is not None
    )


def count_up(found: Iterable[tuple[Sides, tuple[int, int]]]) -> list[Duel]:
    """Return each two answers once, with who has more of the votes for either."""
    totals: dict[Sides, tuple[int, int]] = {}
    for sides, (n_a, n_b) in found:
        before = totals.get(sides, (0, 0))
        totals[sides] = before[0] + n_a, before[1] + n_b
    return [Duel(*sides, lead_to(*votes)) for sides, votes in totals.items()]


def read_judged(store: Store, order: CheckOrder) -> list[Duel]:
    """Return the pairs that a judge compared; one that changes its mind with the order says tie.

    Edge: asked by several protocols, it has a vote by each.
    """
    benchmark = find_benchmark(store, order.benchmark).name
    where = "AND j.kind = 'pair' AND j.system_1 <> j.system_2 AND b.name = ? AND j.judge = ?"
    found = match_up(list_judgments(store, where, (benchmark, order.judge)), read_choice(store))
    return count_up(
        ((a, b, one.a, one.b), (int(one.preference == "a"), int(one.preference == "b")))
        for one in found
        if one.preference is not None and not is_canary(one)
        and (a := one.answers[0]) is not None and (b := one.answers[1]) is not None
    )  # fmt: skip


def find_scores(store: Store, reward_sha256: str, duels: Iterable[Duel]) -> dict[int, float]:
    """Return answer's number -> score of the answers that a reward model has scored."""
    rows = store.rows(SELECT_SCORES, (reward_sha256, list_ids(duels)))
    return {row["answer_id"]: row["score"] for row in rows}


def list_texts(store: Store, duels: Iterable[Duel]) -> list[Row]:
    """Return a row of SELECT_TEXTS for each answer."""
    return store.rows(SELECT_TEXTS, (list_ids(duels),))


def list_ids(duels: Iterable[Duel]) -> str:
    """Return the numbers of all answers, as the ledger takes them."""
    return json.dumps(sorted({number for duel in duels for number in (duel.a, duel.b)}))


def list_missing(store: Store, duels: Sequence[Duel], reward_sha256: str) -> list[Question]:
    """Return the questions that have an answer without a score, in the benchmarks' order."""
    known = find_scores(store, reward_sha256, duels)
    asked: dict[int, Message] = {}
    answers: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in list_texts(store, duels):
        if row["answer_id"] not in known:
            asked[row["item_id"]] = ask(row)
            answers[row["item_id"]].append((row["answer_id"], row["text"]))
    return [Question(asked[item], tuple(texts)) for item, texts in answers.items()]


def look_ahead_check(store: Store, models: Switchboard, order: CheckOrder) -> CheckOutlook:
    """Return what an order will do; nothing is asked and nothing is written.

    Errors: those of `read_duels`; NotFound for an unknown model; Refused for one that gives no
    scores, or can't be asked.
    """
    duels = read_duels(store, order)
    card = find_reward(models, order.reward)
    digest = hash_reward(card)
    with store.snapshot():
        missing = list_missing(store, duels, digest)
    return CheckOutlook(order, card, digest, tuple(duels), tuple(missing))


def read_calibration(
    store: Store, card: LocalCard, order: CheckOrder, learned: Asked | None = None
) -> Calibration:
    """Return how a reward model stands, by the scores that the ledger has.

    `learned` says whether it was trained on a question, where that is known.
    Errors: those of `read_duels`.
    """
    with store.snapshot():
        duels = read_duels(store, order)
        scores = find_scores(store, hash_reward(card), duels)
        found = calibrate(duels, scores)
        if learned is None:
            return found
        asked = {row["answer_id"]: ask(row).text for row in list_texts(store, duels)}
    fresh = [duel for duel in duels if not learned(asked[duel.a])]
    return replace(found, fresh=calibrate(fresh, scores))


def ask(row: Row) -> Message:
    """Return what was asked, of a row of SELECT_TEXTS."""
    return Message("user", row["instruction"], row["input"])


class CheckErrand(Round[CheckEnd]):
    """One time that the answers without a score are scored; every score that comes is kept."""

    run_id = 0  # the ledger has no row for it: what is kept are the scores

    def __init__(
        self,
        store: Store,
        models: Switchboard,
        order: CheckOrder,
        actor: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look what is missing.

        Errors: those of `look_ahead_check`.
        """
        super().__init__(store, models, clock)
        self.outlook = look_ahead_check(store, models, order)
        self.n_wanted = self.outlook.n_wanted
        self.actor = actor

    def find_card(self) -> Card:
        """Return the card of the reward model."""
        return self.outlook.card

    async def ask_all(self, client: "Client", stop: asyncio.Event) -> str:
        """Ask for every score that is missing; return why that ended early, or nothing."""

        async def ask(question: Question) -> Marks:
            texts = [text for _, text in question.answers]
            template = self.outlook.card.template
            return await client.score(question.message, texts, template=template)

        crew = Crew(ask, self._keep)
        return await crew.work_through(self.outlook.missing, N_PARALLEL, stop)

    def finish(self, ending: Ending, message: str) -> CheckEnd:
        """Return how it ended."""
        return CheckEnd(ending, message, self.n_wanted, dict(self.outcomes))

    async def _keep(self, question: Question, marks: Marks) -> None:
        await asyncio.to_thread(save_checked, self.store, self.outlook, self.actor, question, marks)
        self.outcomes[marks.outcome] += len(question.answers)


def save_checked(
    store: Store, outlook: CheckOutlook, actor: str, question: Question, marks: Marks
) -> None:
    """Write down what the answers to one question were given, or why nothing.

    Edge: a score that has come meanwhile stays.
    """
    scores = marks.scores or (None,) * len(question.answers)
    rows = [
        (
            answer_id, outlook.card.name, outlook.reward_sha256, marks.outcome, score,
            clean_text(marks.detail), actor, store.clock(),
        )
        for (answer_id, _), score in zip(question.answers, scores, strict=True)
    ]  # fmt: skip
    with store.write() as db:
        db.executemany(
            """INSERT INTO checked_answer(answer_id, card, reward_sha256, outcome, score, detail,
                actor, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
            rows,
        )
