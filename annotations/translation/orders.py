"""Orders for translations: what is to be translated by whom, and what that will do and cost.

Nothing here asks anybody or writes anything.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from annotations.library import find_benchmark, list_names, list_systems
from annotations.orders import MAX_PARALLEL, MAX_TOKENS, check_range, count, find_asked
from annotations.spending import spent_today
from annotations.store import Store
from annotations.translation.runs import Start, check_target
from annotations.translation.sheets import Entry, Sheet, Voice, find_known, index_texts, read_sheets
from backend.answers import N_LOCAL, N_REMOTE
from backend.errors import InputError, NotFound
from backend.money import estimate
from backend.registry import fill_prices, find_prices, say_prices
from backend.registry.cards import LocalCard, OpenAICard
from backend.switchboard import Switchboard
from backend.translating import Prompt, build_messages, limit_tokens, read_prompt

MAX_CAP_USD = 1_000_000.0


@dataclass(frozen=True, slots=True)
class TranslationOrder:
    """Which benchmark is to be translated into which language by which model, with whose answers.

    `name` is what the new benchmark is called; empty takes the old name and the language.
    Units: `cap_usd` in US dollars, for this run; None leaves the card's daily cap alone.
    Edge: of each system the first sample is translated. `n_items` 0 means all items, `n_parallel`
    0 as many texts at a time as suit the model.
    """

    model: str
    benchmark: str
    lang: str
    systems: tuple[str, ...] = ()
    name: str = ""
    temperature: float = 0.0
    max_tokens: int = 4096
    n_items: int = 0
    n_parallel: int = 0
    cap_usd: float | None = None

    @property
    def target(self) -> str:
        """Return what the new benchmark is called."""
        return self.name or f"{self.benchmark}_{self.lang}"


@dataclass(frozen=True, slots=True)
class TranslationOutlook:
    """What an order will do: which texts it asks for, and what that can cost.

    `missing` has the texts that nobody has translated yet, by their keys, of `n_texts` in all;
    `n_lacking` answers that were wished for are not there in the original either.
    Units: US dollars; `cost_usd` at most, None where asking is free; `left_usd` of today's cap.
    """

    order: TranslationOrder
    card: LocalCard | OpenAICard
    prompt: Prompt
    start: Start
    sheets: list[Sheet]
    missing: dict[str, Entry]
    n_texts: int
    n_lacking: int
    cost_usd: float | None = None
    left_usd: float = 0.0

    @property
    def n_parallel(self) -> int:
        """Return how many texts are under way at a time."""
        usual = N_LOCAL if isinstance(self.card, LocalCard) else N_REMOTE
        return self.order.n_parallel or usual

    @property
    def words(self) -> str:
        """Return what will happen, in sentences."""
        n, order = len(self.missing), self.order
        n_answers = sum(len(sheet.answers) for sheet in self.sheets)
        what = f"{count(len(self.sheets), 'item')} and {count(n_answers, 'answer')}"
        there = f"{n:,} {'is' if n == 1 else 'are'}" if n else "nothing is"
        said = f"{what} into {order.target}: {count(self.n_texts, 'text')}, {there} missing."
        lacking = f" {count(self.n_lacking, 'answer')} to translate can't be found."
        return said + (lacking if self.n_lacking else "")

    @property
    def cost_words(self) -> str:
        """Return what that can cost, in a sentence; nothing where it is free."""
        if self.cost_usd is None or not isinstance(self.card, OpenAICard):
            return ""
        card, cap_usd = self.card, self.order.cap_usd
        stop = "" if cap_usd is None else f" This run stops at ${cap_usd:,.2f}."
        return (
            f"It costs ${self.cost_usd:,.2f} at most, {say_prices(card)}; ${self.left_usd:,.2f} of "
            f"today's cap of ${card.daily_cap_usd:,.2f} for {card.name} are left.{stop}"
        )


def look_ahead_translation(
    store: Store, models: Switchboard, order: TranslationOrder
) -> TranslationOutlook:
    """Return what an order will do; nothing is asked and nothing is written.

    Errors: NotFound for an unknown model, benchmark or system; InputError for numbers that make no
    sense, and for a language that nothing can be translated into; Refused for a model that can't
    be asked; Conflict when the name stands for something else.
    """
    check_translation(order)
    card, prompt = find_asked(models, order.model), read_prompt(order.lang)
    start = plan_start(card, prompt, order)
    with store.snapshot() as db:
        check_systems(store, order)
        check_target(db, start)
        sheets = read_sheets(db, find_origin(store, order), order.systems, order.n_items)
        entries = index_texts(sheets, start.voice)
        missing = list_missing(db, entries)
    n_lacking = len(sheets) * len(order.systems) - sum(len(sheet.answers) for sheet in sheets)
    told = (order, card, prompt, start, sheets, missing, len(entries), n_lacking)
    if not isinstance(card, OpenAICard) or find_prices(card) == (0, 0):
        return TranslationOutlook(*told)
    left_usd = max(card.daily_cap_usd - spent_today(store, card.name), 0)
    return TranslationOutlook(
        *told, sum_cost(card, prompt, missing.values(), order.max_tokens), left_usd
    )


def check_translation(order: TranslationOrder) -> None:
    """Refuse what makes no sense.

    Errors: InputError with the value and what it can be.
    """
    if not order.model or not order.benchmark:
        raise InputError("Choose a model and a benchmark first.")
    if order.target == order.benchmark:
        raise InputError(f"{order.benchmark} can't be its own translation; choose another name.")
    check_range("Temperature", order.temperature, 0, 2)
    check_range("Longest translation", order.max_tokens, 1, MAX_TOKENS)
    check_range("Items", order.n_items, 0, 10_000_000)
    check_range("At a time", order.n_parallel, 0, MAX_PARALLEL)
    check_range("Cap", order.cap_usd or 0, 0, MAX_CAP_USD)


def check_systems(store: Store, order: TranslationOrder) -> None:
    """Refuse systems that have answered nothing.

    Errors: NotFound with the names there are.
    """
    known = list_systems(store, order.benchmark)
    for system in order.systems:
        if system not in {one.name for one in known}:
            raise NotFound(
                f"There are no answers of {system!r} to {order.benchmark}. {list_names(known)}"
            )


def find_origin(store: Store, order: TranslationOrder) -> int:
    """Return the number of the benchmark that is translated."""
    return find_benchmark(store, order.benchmark).benchmark_id


def plan_start(card: LocalCard | OpenAICard, prompt: Prompt, order: TranslationOrder) -> Start:
    """Return what the ledger is told of an order."""
    return Start(
        benchmark=order.benchmark,
        target=order.target,
        lang=order.lang,
        systems=order.systems,
        card=card.name,
        voice=Voice(card.sha256, prompt.sha256, float(order.temperature)),
        max_tokens=order.max_tokens,
        n_items=order.n_items,
        cap_usd=order.cap_usd,
    )


def list_missing(db: sqlite3.Connection, entries: dict[str, Entry]) -> dict[str, Entry]:
    """Return the texts that nobody has translated yet, in their order."""
    known = find_known(db, entries)
    return {key: entry for key, entry in entries.items() if key not in known}


def sum_cost(card: OpenAICard, prompt: Prompt, missing: Iterable[Entry], longest: int) -> float:
    """Return what all that is missing can cost at most, in US dollars."""
    priced = fill_prices(card)
    return sum(
        estimate(priced, build_messages(prompt, entry.text), limit_tokens(entry.text, longest)) or 0
        for entry in missing
    )
