"""Orders for answers: which model is to answer which benchmark, and what that will do and cost.

Nothing here asks anybody or writes anything.
"""

from dataclasses import dataclass

from annotations.generation import Run, Start, check_name, list_missing
from annotations.library import find_benchmark
from annotations.spending import spent_today
from annotations.store import Store
from backend.answers import N_LOCAL, N_REMOTE, Asking, Wanted, build_messages
from backend.dialogue import Sampling
from backend.errors import InputError, Refused
from backend.money import estimate
from backend.registry import fill_prices, find_prices
from backend.registry.cards import Card, LocalCard, OpenAICard
from backend.switchboard import Switchboard
from backend.templates import read_template

MAX_SAMPLES = 100
MAX_PARALLEL = 256
MAX_TOKENS = 32_768


@dataclass(frozen=True, slots=True)
class Order:
    """Which model is to answer which benchmark, how often, and how.

    `name` is what its answers are called among the systems; empty takes the model's name.
    Edge: `n_items` 0 means all of them, `n_parallel` 0 as many at a time as suit the model; an
    empty `template` is the one of the model's card.
    """

    model: str
    benchmark: str
    samples: int = 1
    sampling: Sampling = Sampling()  # noqa: RUF009 - frozen
    name: str = ""
    system: str = ""
    template: str = ""
    n_items: int = 0
    n_parallel: int = 0

    @property
    def label(self) -> str:
        """Return what the answers will be called."""
        return self.name or self.model


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an order will do: what it asks for, and what that can cost.

    Units: US dollars; `cost_usd` at most, None where asking is free; `left_usd` of today's cap.
    """

    order: Order
    card: LocalCard | OpenAICard
    start: Start
    n_wanted: int
    missing: list[Wanted]
    cost_usd: float | None = None
    left_usd: float = 0.0

    @property
    def asking(self) -> Asking:
        """Return how each item is put to the model."""
        usual = N_LOCAL if isinstance(self.card, LocalCard) else N_REMOTE
        order = self.order
        return Asking(order.sampling, order.system, self.start.template, order.n_parallel or usual)

    @property
    def words(self) -> str:
        """Return what will happen, in a sentence."""
        n_items = self.n_wanted // self.order.samples
        each = f"{count(n_items, 'item')} × {count(self.order.samples, 'sample')}"
        n = len(self.missing)
        there = f"{n:,} {'is' if n == 1 else 'are'}" if n else "nothing is"
        return f"{each}: {count(self.n_wanted, 'answer')} of {self.order.label}, {there} missing."

    @property
    def cost_words(self) -> str:
        """Return what that can cost, in a sentence; nothing where it is free."""
        if self.cost_usd is None or not isinstance(self.card, OpenAICard):
            return ""
        return (
            f"It costs ${self.cost_usd:,.2f} at most; ${self.left_usd:,.2f} of today's cap of "
            f"${self.card.daily_cap_usd:,.2f} for {self.card.name} are left."
        )


def count(n: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def resume_order(run: Run) -> Order:
    """Return the words with which a run was started; started again, it does what is missing."""
    return Order(
        run.card, run.benchmark, run.samples, run.sampling, run.system, run.system_text,
        run.template, run.n_items,
    )  # fmt: skip


def look_ahead(store: Store, models: Switchboard, order: Order) -> Outlook:
    """Return what an order will do; nothing is asked and nothing is written.

    Errors: NotFound for an unknown model, benchmark or template; InputError for numbers that make
    no sense; Refused for a model that can't be asked; Conflict when the name stands for others.
    """
    check_order(order)
    card = find_asked(models, order.model)
    start = plan_start(card, order)
    with store.snapshot() as db:
        n_all = find_benchmark(store, order.benchmark).n_items
        check_name(db, start)
        missing = list_missing(store, order.benchmark, order.label, order.samples, order.n_items)
    n_wanted = min(order.n_items or n_all, n_all) * order.samples
    if not isinstance(card, OpenAICard) or find_prices(card) == (0, 0):
        return Outlook(order, card, start, n_wanted, missing)
    left = max(card.daily_cap_usd - spent_today(store, card.name), 0)
    return Outlook(order, card, start, n_wanted, missing, sum_cost(card, missing, order), left)


def check_order(order: Order) -> None:
    """Refuse numbers that make no sense.

    Errors: InputError with the number and what it can be.
    """
    if not order.model or not order.benchmark:
        raise InputError("Choose a model and a benchmark first.")
    sampling = order.sampling
    check_range("Samples", order.samples, 1, MAX_SAMPLES)
    check_range("Temperature", sampling.temperature, 0, 2)
    check_range("Top-p", sampling.top_p, 0.01, 1)
    check_range("Top-k", sampling.top_k, 0, 1_000_000)
    check_range("Longest answer", sampling.max_tokens, 1, MAX_TOKENS)
    check_range("Items", order.n_items, 0, 10_000_000)
    check_range("At a time", order.n_parallel, 0, MAX_PARALLEL)
    if order.samples > 1 and sampling.temperature == 0:
        raise InputError(
            f"With temperature 0 all {order.samples} samples would be the same. Ask for one "
            "sample, or give a temperature above 0."
        )


def check_range(what: str, value: float, least: float, most: float) -> None:
    """Refuse a number outside its range."""
    if not least <= value <= most:
        raise InputError(f"{what} is {value:g}; it can be {least:g} to {most:,.10g}.")


def find_asked(models: Switchboard, name: str) -> LocalCard | OpenAICard:
    """Return the card of a model that can be asked now.

    Errors: NotFound; Refused that says what is in the way, and what to do.
    """
    card = models.find_card(name)
    if not is_speaker(card):
        raise Refused(f"{card.label} gives scores, not answers. Choose another model.")
    readiness = models.check(card)
    if not readiness.ready or not isinstance(card, LocalCard | OpenAICard):
        raise Refused(f"{readiness.why} {readiness.todo}".strip())
    return card


def is_speaker(card: Card) -> bool:
    """Say whether a model gives answers at all: a reward model gives scores."""
    return not isinstance(card, LocalCard) or card.role == "chat"


def plan_start(card: LocalCard | OpenAICard, order: Order) -> Start:
    """Return what the ledger is told of an order.

    Errors: NotFound for an unknown template; InputError where the server has one of its own.
    """
    if order.template and not isinstance(card, LocalCard):
        raise InputError(f"{card.label} has its own chat template; leave the template empty.")
    template = order.template or (card.template if isinstance(card, LocalCard) else "")
    return Start(
        benchmark=order.benchmark,
        system=order.label,
        card=card.name,
        card_sha256=card.sha256,
        samples=order.samples,
        sampling=order.sampling,
        template=template,
        template_sha256=read_template(template).sha256 if template else "",
        system_text=order.system,
        n_items=order.n_items,
    )


def sum_cost(card: OpenAICard, missing: list[Wanted], order: Order) -> float:
    """Return what all that is missing can cost at most, in US dollars."""
    longest, priced = order.sampling.max_tokens, fill_prices(card)
    return sum(
        estimate(priced, build_messages(item, order.system), longest) or 0 for item, _ in missing
    )
