"""Something to translate, and stand-ins for models that translate it or score it."""

import asyncio
import re

from annotations import library
from annotations.library import Source
from annotations.ranking.orders import RankOrder
from annotations.ranking.ranking import RankErrand
from annotations.translation.orders import TranslationOrder
from annotations.translation.translating import TranslationErrand
from backend.dialogue import Reply
from backend.records import Answer, Item
from backend.registry import Readiness
from backend.registry.cards import LocalCard, OpenAICard
from backend.scoring import Marks

CODE = "```\nprint(1)\n```"
QUESTIONS = [
    Item("q1", "What is a camel?", "", "An animal.", "animals"),
    Item("q2", "Sort these words.", "hump, camel", "", "words"),
    Item("q3", "How many humps has it?", "", "", "animals"),
    Item("q4", "Print one in Python.", "", "", "code"),
]
ANSWERS = {
    "alpaca": ["It is an animal.", "camel, hump", "2", CODE],
    "gpt-4": ["It is an animal.", "The order is: camel, hump.", "It has one or two.",
              f"Do it so:\n{CODE}"],
}  # fmt: skip
PLAIN = OpenAICard(name="free", base_url="http://127.0.0.1:1/v1", model="m")
REWARD = LocalCard(name="judge-dredd", path="/nowhere", template="alpaca", role="reward")


def add_questions(store, items=QUESTIONS, answers=ANSWERS, benchmark="quiz"):
    """Put a small benchmark with answers into the ledger; a list in place of a text is samples."""
    with store.write() as db:
        source = library.add_source(db, Source("quiz.jsonl", "no", "items", 0), "now", "test")
        benchmark_id = library.add_benchmark(db, benchmark, source)
        library.add_items(db, benchmark_id, items)
        rows = library.select_items(db, benchmark_id)
        for system, texts in answers.items():
            system_id = library.add_system(db, system)
            told = [
                (rows[item.item_id][0], Answer(item.item_id, text, sample))
                for item, one in zip(items, texts, strict=False)
                for sample, text in enumerate([one] if isinstance(one, str) else one)
            ]
            library.add_answers(db, system_id, source, told)


def read_text(messages):
    """The text that a translator was given, without the lines around it."""
    return messages[-1].content.split("\n", 1)[1].rsplit("\n", 1)[0]


def interpret(text):
    """A translation that everybody can check: each word becomes one sign; code stays."""
    parts = re.split(r"(^```[^`]*```$)", text, flags=re.M)
    return "".join(
        part if place % 2 else re.sub(r"[A-Za-z]+", lambda w: chr(0x4E00 + len(w.group())), part)
        for place, part in enumerate(parts)
    )


class Models:
    """One model: replies by a function, outcomes in their order first; it can be stopped at N."""

    def __init__(self, *outcomes, card=PLAIN, answer=interpret, stop_at=None, pause_s=0.0):
        self.outcomes, self.card, self.answer = list(outcomes), card, answer
        self.stop, self.stop_at, self.pause_s = None, stop_at, pause_s
        self.asked, self.purse = [], None

    def find_card(self, name):
        return self.card

    def check(self, card):
        return Readiness(True)

    async def connect(self, card, on_state=None, purse=None):
        self.purse = purse
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass

    async def _end(self, what):
        self.asked.append(what)
        if len(self.asked) == self.stop_at:
            self.stop.set()
        await asyncio.sleep(self.pause_s)
        return self.outcomes.pop(0) if self.outcomes else "ok"

    async def ask(self, messages, sampling, *, template=""):
        text = read_text(messages)
        outcome = await self._end(text)
        return Reply(self.answer(text), outcome, f"It was {outcome}.", cost_usd=0.5)

    async def score(self, question, answers, *, template=""):
        outcome = await self._end((question, tuple(answers), template))
        scores = tuple(map(self.answer, answers)) if outcome == "ok" else ()
        return Marks(scores, outcome, f"It was {outcome}.")


def carry_out(make, models):
    """Run an errand to its end; `make` is called with nothing."""

    async def whole():
        models.stop = asyncio.Event()
        return await make().carry_out(models.stop, quitting=lambda: False)

    return asyncio.run(whole())


def translate(store, models, *systems, **words):
    """Translate the small benchmark into Chinese."""
    order = TranslationOrder("free", "quiz", "zh", systems, **{"n_parallel": 1, **words})
    return carry_out(lambda: TranslationErrand(store, models, order, "kim"), models)


def rank(store, models, **words):
    """Put the samples of alpaca in order."""
    order = RankOrder(**{"system": "alpaca", "benchmark": "quiz", "reward": "r", **words})
    return carry_out(lambda: RankErrand(store, models, order, "kim"), models)
