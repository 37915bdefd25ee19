"""A judge for tests: a model that replies at once, from a function of what it is asked."""

import asyncio
import threading
from contextlib import suppress

from annotations.judging.judging import JudgeErrand
from annotations.judging.orders import JudgeOrder
from backend.call import Patience
from backend.dialogue import Reply
from backend.errors import Refused
from backend.registry import Readiness
from backend.registry.cards import OpenAICard

FREE = OpenAICard(name="free", base_url="http://127.0.0.1:1/v1", model="judge-0613")
DEAR = OpenAICard(
    name="dear", base_url="http://127.0.0.1:1/v1", model="judge-0613",
    price_input_usd=1000, price_output_usd=1000, daily_cap_usd=100,
)  # fmt: skip
ORDER = JudgeOrder("free", "vicuna_80", ("alpaca", "bard"), ("vicuna",))
FINE = Reply("7 8\nBoth are fine.", "ok", model="judge-0613@1", n_prompt_tokens=100, n_tokens=9)


class Judge:
    """One judge behind both cards. `reply` is a Reply, a text, or a function of the prompt."""

    def __init__(self, reply=FINE, *, pause_s=0.0, call_usd=0.01):
        self.reply, self.pause_s, self.call_usd = reply, pause_s, call_usd
        self.patience = Patience(backoff_s=0.01)
        self.asked, self.purse = [], None
        self.threads = set()

    def find_card(self, name):
        return {"free": FREE, "dear": DEAR}[name]

    def check(self, card):
        return Readiness(True)

    async def connect(self, card, on_state=None, purse=None):
        self.card, self.purse = card, purse
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass

    async def ask(self, messages, sampling, *, schema=None, patience=None, template=""):
        self.threads.add(threading.current_thread().name)
        if self.card is DEAR:
            try:
                number = await asyncio.to_thread(self.purse.reserve, "dear", self.call_usd, 100)
            except Refused as error:
                return Reply("", "no_quota", str(error))
            await asyncio.to_thread(self.purse.settle, number, self.call_usd)
        self.asked.append((messages, sampling, schema))
        await asyncio.sleep(self.pause_s)
        reply = self.reply(messages[-1].content) if callable(self.reply) else self.reply
        return Reply(reply, "ok" if reply else "empty") if isinstance(reply, str) else reply


def judge(store, models, order=ORDER, *, stop_after=None, quitting=False, pause=False):
    """Carry out an order to its end; return the run."""

    async def whole():
        stop = asyncio.Event()
        errand = JudgeErrand(store, models, order, "kim")
        errand.is_paused = pause
        watching = asyncio.create_task(watch(models, stop_after, stop))
        try:
            return await errand.carry_out(stop, quitting=lambda: quitting)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    return asyncio.run(whole())


async def watch(models, stop_after, stop):
    """Stop when so many questions have been asked."""
    while stop_after is not None and len(models.asked) < stop_after:
        await asyncio.sleep(0.001)
    if stop_after is not None:
        stop.set()
