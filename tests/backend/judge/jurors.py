"""A judge that says what is queued, and who keeps its verdicts."""

import asyncio

from backend.call import Patience
from backend.dialogue import Reply
from backend.judge.asking import Asking
from backend.judge.protocols import read_protocol
from backend.judge.records import Case
from backend.judge.session import judge_cases
from backend.records import Item

GOOD = Reply("8 9\nThe second says more.", "ok", model="j-0613", cost_usd=0.5, duration_s=2.0)
VAGUE = Reply("Both are fine.", "ok", cost_usd=0.25, duration_s=1.0)
BUSY = Reply("", "rate_limited", "Busy; try again later.")
QUICK = Patience(deadline_s=5, backoff_s=0.001)


class Judge:
    """Says what is queued, the last for ever; writes down what it was asked."""

    def __init__(self, *replies, delay_s=0.0, patience=QUICK):
        self.replies, self.delay_s, self.patience = replies, delay_s, patience
        self.asked, self.words = [], []
        self.n_open = self.most_open = 0

    async def ask(self, messages, sampling, **words):
        self.asked.append(messages)
        self.words.append(words | {"sampling": sampling})
        number = len(self.asked) - 1
        self.n_open += 1
        self.most_open = max(self.most_open, self.n_open)
        try:
            await asyncio.sleep(self.delay_s)
        finally:
            self.n_open -= 1
        return self.replies[min(number, len(self.replies) - 1)]


class Kept:
    """What a run handed over; can end it, or fail, after so many."""

    def __init__(self, stop_after=0, fail_after=0):
        self.verdicts, self.stop = {}, asyncio.Event()
        self.stop_after, self.fail_after = stop_after, fail_after

    async def keep(self, case, verdict):
        assert case.key not in self.verdicts
        if self.fail_after and len(self.verdicts) + 1 >= self.fail_after:
            raise OSError("The disk is full.")
        self.verdicts[case.key] = verdict
        if self.stop_after and len(self.verdicts) >= self.stop_after:
            self.stop.set()

    @property
    def only(self):
        (verdict,) = self.verdicts.values()
        return verdict


def make_cases(n=1, app="writing"):
    item = Item("1", "What do camels have?", app=app)
    return [Case(f"key {i}", item, f"Humps {i}.", f"Hair {i}.") for i in range(n)]


def make_asking(**words):
    return Asking(read_protocol("en"), **words)


def run(judge, cases=None, kept=None, look=None, **words):
    """Run to the end; return what was kept, and the reason."""
    kept = kept or Kept()
    work = judge_cases(
        judge, cases or make_cases(), make_asking(**words), kept.keep, kept.stop, look=look
    )
    return kept, asyncio.run(work)
