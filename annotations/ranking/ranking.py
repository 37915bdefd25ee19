"""Ranking: one run of a reward model over a system's samples, from its start to its end."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from annotations.generation import Ending
from annotations.ranking.groups import Group
from annotations.ranking.orders import RankOrder, look_ahead_rank
from annotations.ranking.runs import (
    RankingRun,
    finish_ranking,
    open_podium,
    place_groups,
    save_marks,
    start_ranking,
)
from annotations.rounds import Round
from annotations.store import Store
from backend.crew import Crew
from backend.dialogue import Message
from backend.registry.cards import Card
from backend.scoring import Marks
from backend.switchboard import Switchboard

if TYPE_CHECKING:
    from backend.client import Client

N_PARALLEL = 2  # a worker scores one request after the other: one is scored, one waits


class RankErrand(Round[RankingRun]):
    """One run: from its row in the ledger to its end, whatever that is."""

    def __init__(
        self,
        store: Store,
        models: Switchboard,
        order: RankOrder,
        actor: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look what is missing, write the start of the run down, and place what is scored.

        Errors: those of `look_ahead_rank`; Conflict when the same goes on already.
        """
        super().__init__(store, models, clock)
        self.outlook = look_ahead_rank(store, models, order)
        self.n_wanted = self.outlook.n_wanted
        self.run_id = start_ranking(store, actor, self.outlook.start, self.n_wanted)
        self._podium = open_podium(store, self.run_id)
        place_groups(store, self._podium, self.outlook.groups)

    def find_card(self) -> Card:
        """Return the card of the reward model."""
        return self.outlook.card

    async def ask_all(self, client: "Client", stop: asyncio.Event) -> str:
        """Ask for every score that is missing; return why that ended early, or nothing."""

        async def ask(group: Group) -> Marks:
            question = Message("user", group.item.instruction, group.item.input)
            texts = [sample.text for sample in group.missing]
            return await client.score(question, texts, template=self.outlook.card.template)

        crew = Crew(ask, self._keep)
        return await crew.work_through(self.outlook.missing, N_PARALLEL, stop)

    def finish(self, ending: Ending, message: str) -> RankingRun:
        """Write the end down; return the run as it ended."""
        return finish_ranking(self.store, self.run_id, ending, message)

    async def _keep(self, group: Group, marks: Marks) -> None:
        asked = group.missing
        await asyncio.to_thread(save_marks, self.store, self._podium, group, asked, marks)
        self.outcomes[marks.outcome] += len(asked)
