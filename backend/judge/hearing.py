"""One case before a judge: what it is asked, how often, and what becomes of its replies."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from backend.crew import FATAL
from backend.dialogue import Message, Outcome, Reply
from backend.judge.asking import Asker, Asking, build_case_messages, plan_sampling, read_reply
from backend.judge.protocols import build_reminder, make_boundary
from backend.judge.records import Case, Reading, Verdict, VerdictOutcome
from backend.judge.throttle import Throttle
from backend.judge.verdicts import SCHEMA

# Outcomes of a reply that are a verdict's own; all others are the API's.
NAMED: Mapping[Outcome, VerdictOutcome] = {
    "empty": "empty", "refused": "refused", "filtered": "filtered", "truncated": "truncated",
}  # fmt: skip
UNREADABLE = "No two scores can be read from the reply."
MAX_LIMITED = 6  # so often is a case asked that the server has no time for


class Hearing:
    """One case before the judge: every time that it is asked, and all that came back."""

    def __init__(self, client: Asker, asking: Asking, case: Case, throttle: Throttle) -> None:
        """Open it; its own time begins when it is let in for the first time."""
        self.client, self.asking, self.case, self.throttle = client, asking, case, throttle
        self.replies: list[Reply] = []
        self._started: float | None = None

    async def judge(self) -> Verdict:
        """Ask, and where the reply can't be read ask once more, with a reminder.

        Errors: Closed when nothing more may be asked.
        """
        boundary, form = make_boundary(), self.asking.form
        messages = build_case_messages(self.asking, self.case, boundary)
        last, unread = await self.ask(messages), ""
        reading = read_reply(last, form)
        if last.outcome == "ok" and reading is None:
            lang = self.asking.protocol.lang
            again = await self.ask(build_reminder(messages, last.text, form, lang))
            if again is not last:  # else there was no time left for it
                unread, last, reading = last.text, again, read_reply(again, form)
        return add_up(make_verdict(last, reading, unread), self.replies, boundary)

    async def ask(self, messages: Sequence[Message]) -> Reply:
        """Return the reply to one prompt; asked again while the server has no time for it."""
        for _ in range(MAX_LIMITED):
            entered_at = await self._wait_turn()
            if entered_at is None:
                break
            self._started = self._started or entered_at
            self.replies.append(await self._ask_now(messages, entered_at))
            limited = self.replies[-1].outcome == "rate_limited"
            if not limited or self.throttle.parked_s >= (self._count_left() or 0):
                break
        return self.replies[-1]

    async def _wait_turn(self) -> float | None:
        """Return when the case was let in, or None when its own time was over first."""
        left_s = self._count_left()
        if left_s is not None and left_s <= 0:
            return None
        try:
            async with asyncio.timeout(left_s):
                return await self.throttle.enter()
        except TimeoutError:
            return None

    async def _ask_now(self, messages: Sequence[Message], entered_at: float) -> Reply:
        reply = None
        patience = self.client.patience
        left_s = self._count_left() or patience.deadline_s
        try:
            reply = await self.client.ask(
                messages,
                plan_sampling(self.asking, self.case),
                schema=SCHEMA if self.asking.form == "schema" else None,
                patience=replace(patience, deadline_s=left_s, waits_for_turn=False),
            )
        finally:
            self._go_out(reply, entered_at)
        return reply

    def _go_out(self, reply: Reply | None, entered_at: float) -> None:
        """Tell the throttle how it went before anybody else is let in."""
        if reply is not None and reply.outcome == "rate_limited":
            self.throttle.refuse(entered_at, reply.retry_after_s, reply.detail)
        if reply is not None and reply.outcome in FATAL:
            self.throttle.close()
        self.throttle.leave(answered=reply is not None and reply.answered)

    def _count_left(self) -> float | None:
        if self._started is None:
            return None
        return self.client.patience.deadline_s - (self.throttle.now() - self._started)


def make_verdict(last: Reply, reading: Reading | None, unread: str) -> Verdict:
    """Return how a case ended; `unread` is a first reply that nothing could be read from.

    Edge: after such a reply, the case waits for a person even where the second has no text.
    """
    told = Verdict("ok", reading, detail=last.detail, text=last.text, first_text=unread)
    if reading is not None:
        return replace(told, flags=reading.flags)
    if last.outcome == "ok" or (unread and last.outcome in NAMED):
        detail = f"{UNREADABLE} {last.detail}".strip()
        return replace(told, outcome="unreadable", detail=detail)
    if last.outcome in NAMED:
        return replace(told, outcome=NAMED[last.outcome])
    return replace(told, outcome="api_error", fault=last.outcome)


def add_up(verdict: Verdict, replies: Sequence[Reply], boundary: str) -> Verdict:
    """Return a verdict with what all its replies took; a price that is unknown stays unknown."""
    last, costs = replies[-1], [reply.cost_usd for reply in replies]
    known = [usd for usd in costs if usd is not None]
    return replace(
        verdict,
        boundary=boundary,
        model=next((reply.model for reply in reversed(replies) if reply.model), ""),
        n_prompt_tokens=add_counts(reply.n_prompt_tokens for reply in replies),
        n_tokens=add_counts(reply.n_tokens for reply in replies),
        cost_usd=sum(known) if len(known) == len(costs) else None,
        duration_s=sum(reply.duration_s for reply in replies),
        retry_after_s=last.retry_after_s,
    )


def add_counts(counts: Iterable[int | None]) -> int | None:
    """Return the sum of the counts that are known, or None where none is."""
    known = [n for n in counts if n is not None]
    return sum(known) if known else None
