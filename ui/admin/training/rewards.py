"""Reward models beside those who vote: how often, how surely, and how scores lie by system."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from markupsafe import Markup

from annotations.judging.preferences import list_benchmarks
from annotations.orders import count
from annotations.pairing.voices import list_judges
from annotations.ranking.calibration import SEEN, Bin, Calibration, Spread, tell_calibration
from annotations.ranking.checks import CheckEnd, CheckErrand, CheckOrder, read_calibration
from annotations.studies import list_studies
from backend.errors import CamelidError, InputError
from backend.records import CRITERIA
from backend.registry.cards import LocalCard
from training.lessons import read_lessons
from ui.admin.answers import keep_choice
from ui.admin.desk import check_admin
from ui.context import Context
from ui.pieces import QUICK, finish, join, make_markdown, show_done, show_problem, show_table

WORDS = (
    "A reward model gives each answer a number. Here its numbers stand beside whom people, or a "
    "judge, preferred: how often the preferred answer has the higher one, and whether the model is "
    f"as sure as it is right. {SEEN}"
)
NONE = (
    "There is no reward model yet. Train one: the recipe tiny-reward takes minutes on a CPU, "
    "reward-opt-1.3b is the paper's."
)
NOBODY = "There is no study and no judge to compare with yet."
CHOOSE = "Choose a reward model, and whom it is compared with."
SCORING: dict[str, Any] = {
    "concurrency_id": "scoring",
    "concurrency_limit": 1,
    "show_progress": "hidden",
    "api_visibility": "private",
}
SECONDS = 1.0
LEFT = "No score came for {what}: {why}. Score again to ask for them once more."


class Rewards:
    """The part of the tab that reads how good a reward model is."""

    def __init__(self, context: Context) -> None:
        """Lay out the part."""
        self.context = context
        self.store = context.store
        self._scoring: set[asyncio.Task[CheckEnd]] = set()  # held here: a loop would let go of it
        make_markdown(f"## Reward models beside people\n\n{WORDS}", elem_classes="part")
        with gr.Row():
            self.reward = gr.Dropdown([], label="Reward model")
            self.whom = gr.Dropdown([], label="Compared with")
            self.criterion = gr.Dropdown(list(CRITERIA), value=CRITERIA[0], label="Criterion")
        with gr.Row(elem_classes="line"):
            self.go = gr.Button("Score what has no score", elem_classes="act")
            self.stop = gr.Button("Stop", elem_classes="act")
        self.said = make_markdown()
        self.shown = make_markdown(elem_id="training-rewards")
        self.chosen = [self.reward, self.whom, self.criterion]

    def look(
        self, request: gr.Request, reward: str | None, whom: str | None, criterion: str | None
    ) -> tuple[Any, ...]:
        """Offer reward models and who voted, and show how the chosen one stands."""
        check_admin(self.context, request)
        cards = self.list_rewards()
        voters = self.list_voters()
        chosen = keep_choice(reward, [name for _, name in cards])
        other = keep_choice(whom, [name for _, name in voters])
        return (
            gr.update(choices=cards, value=chosen),
            gr.update(choices=voters, value=other),
            self.tell(chosen, other, criterion),
        )

    def list_rewards(self) -> list[tuple[str, str]]:
        """Return (what people read, name) of the reward models, those that can be asked first."""
        models = self.context.models
        found = [
            (known.card.label, known.name, models.check(known.card).ready)
            for known in models.list_cards()
            if isinstance(known.card, LocalCard) and known.card.role == "reward"
        ]
        ordered = sorted(found, key=lambda one: not one[2])
        return [(label if ready else f"{label} (not yet)", name) for label, name, ready in ordered]

    def list_voters(self) -> list[tuple[str, str]]:
        """Return (what people read, value) of all that a reward model can be compared with."""
        studies = [
            (f"people in {study.name}", f"study\n{study.name}")
            for study in list_studies(self.store)
        ]
        judged = set(list_benchmarks(self.store))
        judges = [
            (f"{judge} on {benchmark}", f"judge\n{benchmark}\n{judge}")
            for judge, benchmarks in list_judges(self.store).items()
            for benchmark in benchmarks
            if benchmark in judged
        ]
        return [*studies, *judges]

    def show(
        self, request: gr.Request, reward: str | None, whom: str | None, criterion: str | None
    ) -> str:
        """Show how a reward model stands, by the scores that are there."""
        check_admin(self.context, request)
        return self.tell(reward, whom, criterion)

    def tell(self, reward: str | None, whom: str | None, criterion: str | None) -> str:
        """Return how a reward model stands, or what is missing for that."""
        if not reward or not whom:
            return finish(Markup('<div class="empty">{}</div>').format(NOBODY if reward else NONE))
        try:
            order = read_order(reward, whom, criterion)
            card = self.context.models.find_card(reward)
            if not isinstance(card, LocalCard):
                raise InputError(CHOOSE)
            lessons = read_lessons(self.context.settings.data, card.name)
            learned = lessons.holds if lessons else None
            found = read_calibration(self.store, card, order, learned)
            return show_calibration(found, order.who, lessons.words if lessons else "")
        except CamelidError as error:
            return show_problem(error)

    async def score(
        self, request: gr.Request, reward: str | None, whom: str | None, criterion: str | None
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Score what has no score; a page that goes away stops it, and what has come stays."""
        account = await asyncio.to_thread(check_admin, self.context, request)
        stop = asyncio.Event()
        try:
            order = read_order(reward, whom, criterion)
            errand = await asyncio.to_thread(
                CheckErrand, self.store, self.context.models, order, account.name
            )
            yield show_done(errand.outlook.words), gr.skip()
            work = asyncio.create_task(errand.carry_out(stop, quitting=lambda: False))
            self._scoring.add(work)
            work.add_done_callback(self._scoring.discard)
            while not work.done():
                await asyncio.wait({work}, timeout=SECONDS)
                pace = errand.find_pace()
                note = f" {pace.note}" if pace.note else ""
                yield show_done(f"{pace.n_done:,} of {pace.n_wanted:,} scored.{note}"), gr.skip()
            said = say_end(work.result())
            yield said, await asyncio.to_thread(self.tell, reward, whom, criterion)
        except CamelidError as error:
            yield show_problem(error), gr.skip()
        finally:
            stop.set()

    def wire(self, site: gr.Blocks, tab: gr.Tab) -> None:
        """Wire the fields; a choice is shown at once."""
        for arrival in (site.load, tab.select):
            arrival(self.look, self.chosen, [self.reward, self.whom, self.shown], **QUICK)
        for field in self.chosen:
            field.input(self.show, self.chosen, self.shown, **QUICK)
        going = self.go.click(self.score, self.chosen, [self.said, self.shown], **SCORING)
        self.stop.click(
            lambda: show_done("Stopped. The scores that had come are kept."), None, self.said,
            cancels=[going], **QUICK,
        )  # fmt: skip


def read_order(reward: str | None, whom: str | None, criterion: str | None) -> CheckOrder:
    """Return the check that the fields name.

    Errors: InputError when one is empty.
    """
    kind, _, name = (whom or "").partition("\n")
    if not reward or not name:
        raise InputError(CHOOSE)
    if kind == "study":
        return CheckOrder(reward, name, criterion=criterion or CRITERIA[0])
    benchmark, _, judge = name.partition("\n")
    return CheckOrder(reward, benchmark=benchmark, judge=judge)


def say_end(end: CheckEnd) -> str:
    """Return how the scoring ended."""
    n = end.n_wanted - end.outcomes.get("ok", 0)
    why = ", ".join(f"{name} {k:,}" for name, k in sorted(end.outcomes.items()) if name != "ok")
    if end.ending == "failed":
        return show_problem(end.message)
    if n:
        return show_problem(
            LEFT.format(what=count(n, "answer"), why=why or end.message or end.ending)
        )
    return show_done("All answers have scores.")


def show_calibration(found: Calibration, who: str, warning: str = "") -> str:
    """Return how a reward model stands: in words, by how sure it is, and system by system."""
    rows = join(
        [Markup("<dt>{}</dt><dd>{}</dd>").format(*line) for line in tell_calibration(found, who)]
    )
    parts = [Markup("<dl class='facts report'>{}</dl>").format(rows)]
    if warning:
        parts.append(Markup("<p class='warn'>{}</p>").format(warning))
    if found.ece is not None:
        sure = ("The model is", "Pairs", "It agrees", "95 % interval")
        cells = [list_bin(one) for one in found.bins if one.n]
        parts.append(show_table("As sure as it is right?", sure, cells))
    if found.spreads:
        heads = ("System", "Answers", "Mean", "Lowest", "25 %", "Middle", "75 %", "Highest")
        parts.append(show_table("Scores by system", heads, map(list_spread, found.spreads)))
    return finish(join(parts))


def list_spread(one: Spread) -> tuple[str | int, ...]:
    """Return the row of one system."""
    places = (one.mean, one.low, one.quarter, one.middle, one.three_quarters, one.high)
    return one.system, one.n, *(f"{place:.2f}" for place in places)


def list_bin(one: Bin) -> tuple[str | int, ...]:
    """Return the row of a bin that has pairs."""
    rate, interval = one.rate or 0.0, one.interval
    ends = f"{interval.low:.0%} to {interval.high:.0%}" if interval else ""
    return f"{one.low:.0%} to {one.high:.0%} sure", one.n, f"{rate:.0%}", ends
