"""Judging: one run of a judge from its start to its end, and all those of the app."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from annotations.errands import ENDED, Errands, Pace
from annotations.generation import Ending
from annotations.judging.orders import JudgeOrder, look_ahead_judge
from annotations.judging.planting import plant_canaries
from annotations.judging.runs import (
    JudgeEnding,
    JudgeRun,
    finish_judge_run,
    read_judge_run,
    save_verdict,
    start_judge_run,
)
from annotations.judging.wishes import count_spent
from annotations.rounds import Round
from annotations.spending import LedgerPurse
from annotations.store import Store
from backend.errors import NotFound, Refused
from backend.judge.records import Case, Verdict
from backend.judge.session import judge_cases
from backend.judge.throttle import Load
from backend.money import CappedPurse, Purse
from backend.registry.cards import Card
from backend.switchboard import Switchboard

if TYPE_CHECKING:
    from backend.client import Client

PAUSED = "Paused; what had come is kept. Start it again, and it goes on with what is not judged."


class Attentive:
    """A purse that notes each time that a cap was in the way, the order's or the day's."""

    def __init__(self, purse: Purse) -> None:
        """Lend another one's money."""
        self._purse = purse
        self.refusals: list[str] = []

    def reserve(self, card: str, usd: float, cap_usd: float) -> int:
        """Put money aside and return the reservation's number; see `backend.money.Purse`."""
        try:
            return self._purse.reserve(card, usd, cap_usd)
        except Refused as error:
            self.refusals.append(str(error))
            raise

    def settle(self, reservation: int, usd: float | None) -> None:
        """Replace a reservation by what was spent; None counts the whole reservation."""
        self._purse.settle(reservation, usd)


class JudgeErrand(Round[JudgeRun]):
    """One run of a judge."""

    def __init__(
        self,
        store: Store,
        models: Switchboard,
        order: JudgeOrder,
        actor: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look what has to be judged, and write the start of the run down.

        Errors: those of `look_ahead_judge`; Refused when the judge can't be asked now; Conflict
        when some of it is being judged already.
        """
        super().__init__(store, models, clock)
        self.is_paused = False  # whether a stop is meant to be a pause
        self.outlook = look_ahead_judge(store, models, order)
        if self.outlook.problem:
            raise Refused(self.outlook.problem)
        if order.canaries and plant_canaries(store, order.benchmark, actor):
            self.outlook = look_ahead_judge(store, models, order)
        self._tasks = {task.key: task for task in self.outlook.tasks}
        self.n_wanted = len(self._tasks)
        self.cost_usd = None if self.outlook.cost_usd is None else 0.0
        self.run_id = start_judge_run(store, actor, self.outlook)
        self._purse = Attentive(self._open_purse())

    def find_card(self) -> Card:
        """Return the judge's card."""
        return self.outlook.card

    def connect(self) -> Coroutine[Any, Any, "Client"]:
        """Return the judge, who is paid from a purse that notes for which run, up to the cap."""
        return self.models.connect(self.find_card(), self.follow, self._purse)

    def _open_purse(self) -> Purse:
        purse = LedgerPurse(self.store, self._note_payment)
        cap_usd = self.outlook.order.cap_usd
        if cap_usd is None:
            return purse
        return CappedPurse(purse, cap_usd, count_spent(self.store, self.outlook.order))

    def _note_payment(self, db: sqlite3.Connection, reservation: int) -> None:
        db.execute("INSERT INTO judge_payment VALUES (?, ?)", (reservation, self.run_id))

    async def ask_all(self, client: "Client", stop: asyncio.Event) -> str:
        """Have all tasks judged; return why that ended early, or nothing."""
        cases = [task.case for task in self._tasks.values()]
        return await judge_cases(
            client, cases, self.outlook.asking, self._keep, stop, look=self._look
        )

    def finish(self, ending: Ending, message: str) -> JudgeRun:
        """Write the end down; return the run as it ended."""
        told: JudgeEnding = ending
        if self.is_paused and ending == "cancelled":
            told, message = "paused", PAUSED
        if any(refusal in message for refusal in self._purse.refusals):  # a cap is no fault
            told = "paused"
        return finish_judge_run(self.store, self.run_id, told, message)

    async def _keep(self, case: Case, verdict: Verdict) -> None:
        if verdict.detail in self._purse.refusals and not verdict.first_text:
            return  # a cap was in the way: nobody was asked, so nothing has failed
        task = self._tasks[case.key]
        twins = self.outlook.sorted.twins.get(case.key, ())
        await asyncio.to_thread(save_verdict, self.store, self.run_id, task, verdict, twins)
        self.outcomes[verdict.outcome] += 1
        if self.cost_usd is not None:
            self.cost_usd += verdict.cost_usd or 0.0

    def _look(self, load: Load) -> None:
        self.note = load.note


class Judging:
    """All runs of judges in the app, in a thread of their own: no page and no vote waits for one.

    They don't end with the page that started them, only with the app.
    """

    def __init__(self, store: Store, models: Switchboard) -> None:
        """Stand ready; the thread starts with the first run."""
        self.store, self.models = store, models
        self._errands: Errands[JudgeErrand] = Errands("judging")

    def start(self, order: JudgeOrder, actor: str) -> int:
        """Begin a run and return its number; it goes on after this returns.

        Errors: those of `JudgeErrand`.
        """
        return self._errands.start(JudgeErrand(self.store, self.models, order, actor))

    def resume(self, run_id: int, actor: str, cap_usd: float | None = None) -> int:
        """Begin the order of an earlier run again, and return the new run's number.

        `cap_usd` takes the place of the order's cap where it is given.
        Errors: NotFound for an unknown run; those of `JudgeErrand`.
        """
        return self.start(resume_judge_order(read_judge_run(self.store, run_id), cap_usd), actor)

    def pause(self, run_id: int) -> None:
        """Stop a run that is to go on later; what it has brought stays.

        Errors: NotFound when no such run goes on.
        """
        self._stop(run_id, is_paused=True)

    def cancel(self, run_id: int) -> None:
        """Stop a run; what it has brought stays.

        Edge: one that only the ledger takes for running, since its end could not be written, is
        ended there.
        Errors: NotFound when no such run goes on.
        """
        self._stop(run_id, is_paused=False)

    def _stop(self, run_id: int, *, is_paused: bool) -> None:
        errand = self._errands.find(run_id)
        if errand is not None:
            errand.is_paused = is_paused
        if not self._errands.stop(run_id):
            if read_judge_run(self.store, run_id).state != "running":
                raise NotFound(f"Judge run {run_id} is not running.")
            finish_judge_run(self.store, run_id, "interrupted", ENDED)

    def look(self, run_id: int) -> Pace | None:
        """Return how far a run is, or None when it does not go on here."""
        errand = self._errands.find(run_id)
        return errand.find_pace() if errand else None

    def close(self) -> None:
        """Stop all runs as interrupted, and end the thread."""
        self._errands.close()


def resume_judge_order(run: JudgeRun, cap_usd: float | None = None) -> JudgeOrder:
    """Return the words with which a run was started; started again, it does what is left."""
    return run.order if cap_usd is None else replace(run.order, cap_usd=cap_usd)
