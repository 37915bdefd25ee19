"""Orders for judgments: who judges whose answers to which benchmark, what that will do and cost.

Nothing here asks anybody or writes anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from annotations.judging.original import read_original
from annotations.judging.planting import list_canaries
from annotations.judging.tasks import (
    Entry,
    Setup,
    Sorted,
    Task,
    list_tasks,
    sort_tasks,
)
from annotations.judging.wishes import JudgeOrder, ProtocolName, check_judge_order, count_spent
from annotations.library import find_benchmark, list_names, list_systems, select_items
from annotations.orders import count, is_speaker
from annotations.spending import spent_today
from annotations.store import Store
from backend.answers import N_LOCAL, N_REMOTE
from backend.call import tell_schema
from backend.dialogue import Message
from backend.errors import NotFound, Refused
from backend.judge.asking import Asking, Form, build_case_messages, plan_sampling
from backend.judge.protocols import Protocol, build_reminder, read_protocol
from backend.judge.verdicts import SCHEMA
from backend.money import estimate, write_usd
from backend.records import Item, hash_text
from backend.registry import fill_prices, find_prices, say_prices
from backend.registry.cards import LocalCard, OpenAICard
from backend.switchboard import Switchboard
from backend.templates import read_template

__all__ = ["JudgeOrder", "JudgeOutlook", "look_ahead_judge"]

BOUNDARY = "0" * 16  # as long as a real one, for counting tokens

SELECT_ENTRIES = """
    SELECT a.item_id, a.answer_id, a.text FROM answer a JOIN item i USING(item_id)
        JOIN system s USING(system_id)
    WHERE i.benchmark_id = ? AND s.name = ? AND a.sample = ?"""


@dataclass(frozen=True, slots=True)
class JudgeOutlook:
    """What an order will do: what it asks for, and what that can cost.

    `tasks` go to the judge; `n_cached` of the `n_tasks` are judged already, `n_failed` of them
    without a verdict; `n_identical` are ties without a call. `missing` counts by system the items
    that it has not answered.
    Units: US dollars; `cost_usd` at most with one call a task, `worst_usd` with a reminder for
    each; None where asking is free or has no known price. `left_usd` of the judge's cap for today;
    `spent_usd` is what the order has cost since it was last done.
    Edge: `problem` says why the judge can't be asked now; the rest is true all the same.
    """

    order: JudgeOrder
    card: LocalCard | OpenAICard
    protocol: Protocol
    asking: Asking
    sorted: Sorted
    n_tasks: int
    n_items: int
    missing: Mapping[str, int]
    cost_usd: float | None = None
    worst_usd: float | None = None
    left_usd: float = 0.0
    spent_usd: float = 0.0
    problem: str = ""

    @property
    def tasks(self) -> list[Task]:
        """Return what the judge is asked."""
        return self.sorted.ask

    @property
    def n_cached(self) -> int:
        """Return how many tasks are judged already, here or by a verdict on the same texts."""
        return len(self.sorted.known) + len(self.sorted.copies)

    @property
    def n_twins(self) -> int:
        """Return how many tasks are of the same texts as one that is asked, and get its verdict."""
        return sum(map(len, self.sorted.twins.values()))

    @property
    def n_failed(self) -> int:
        """Return how many tasks ended without a verdict before, and are not asked again."""
        return len(self.sorted.failed)

    @property
    def n_identical(self) -> int:
        """Return how many ties there are that nobody is asked for."""
        return len(self.sorted.identical)

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is left to do."""
        made = self.sorted
        return not (made.ask or made.identical or made.copies)

    @property
    def is_chinese(self) -> bool:
        """Say whether the questions are in Chinese, as those of figure 5."""
        made = self.sorted
        tasks = [*made.ask, *made.identical, *(task for task, _ in made.copies), *made.known]
        return bool(tasks) and tasks[0].item.lang.startswith("zh")

    @property
    def words(self) -> str:
        """Return what will happen, in sentences."""
        n = len(self.tasks)
        asked = f"{n:,} {'is' if n == 1 else 'are'} to be asked" if n else "nothing is to be asked"
        parts = [f"{count(self.n_tasks, 'judgment')} of {self.order.judge}"]
        parts.append(f"on {count(self.n_items, 'item')} of {self.order.benchmark}: {asked}")
        said = [" ".join(parts) + "."]
        if self.n_cached:
            said.append(f"{self.n_cached:,} known already.")
        if self.n_twins:
            said.append(f"{self.n_twins:,} of the same texts as one of these, without a call.")
        if self.n_identical:
            said.append(f"{count(self.n_identical, 'tie')} of equal answers, without a call.")
        if self.n_failed:
            said.append(f"{self.n_failed:,} ended without a verdict before; retry asks again.")
        which = f" with sample {self.order.sample}" if self.order.sample else ""
        said.extend(
            f"{system} has not answered {count(n_missing, 'item')}{which}."
            for system, n_missing in self.missing.items()
        )
        return " ".join(said)

    @property
    def cost_words(self) -> str:
        """Return what that can cost, in sentences; nothing where it is free."""
        card = self.card
        if not isinstance(card, OpenAICard) or find_prices(card) == (0, 0):
            return ""
        if self.cost_usd is None:
            return f"It is {say_prices(card)}: what it costs nobody knows, so nothing is asked."
        prices = say_prices(card)
        said = (
            f"{prices[:1].upper()}{prices[1:]} it costs ${self.cost_usd:,.2f} at most, or "
            f"${self.worst_usd or 0:,.2f} if no reply could be read at first; "
            f"${self.left_usd:,.2f} of today's cap of ${card.daily_cap_usd:,.2f} for {card.name} "
            "are left."
        )
        if self.order.cap_usd is not None:
            said += f" It stops at {write_usd(self.order.cap_usd)}"
            said += f", of which ${self.spent_usd:,.2f} are spent." if self.spent_usd else "."
        return said


def look_ahead_judge(store: Store, models: Switchboard, order: JudgeOrder) -> JudgeOutlook:
    """Return what an order will do; nothing is asked and nothing is written.

    Errors: NotFound for an unknown model, benchmark or system, and where the original prompts are
    not there; InputError for numbers that make no sense; Refused for what never can be a judge.
    """
    check_judge_order(order)
    card, problem = find_judge(models, order.judge)
    with store.snapshot() as db:
        benchmark = find_benchmark(store, order.benchmark)
        found = select_items(db, benchmark.benchmark_id)
        items = dict(islice(found.values(), order.n_items or None))
        order = name_systems(store, order)
        entries = find_entries(store, order, benchmark.benchmark_id, items)
        protocol = find_protocol(store, order.protocol, list(items.values()))
        asking = plan_asking(card, order, protocol)
        pairing = replace(order.pairing, systems=add_canaries(order))
        setup = Setup(hash_judge(card, asking), asking, order.wants)
        tasks = list_tasks(items, entries, pairing, setup)
        made = sort_tasks(store, tasks, order.wants, retry=order.retry)
    missing = {
        name: n for name in dict.fromkeys((*order.systems, *order.against))
        if (n := sum(row not in entries[name] for row in items))
    }  # fmt: skip
    outlook = JudgeOutlook(
        order, card, protocol, asking, made, len(tasks), len(items), missing, problem=problem
    )
    return add_cost(store, outlook)


def find_judge(models: Switchboard, name: str) -> tuple[LocalCard | OpenAICard, str]:
    """Return a judge's card, and what is in the way of asking it now.

    Errors: NotFound; Refused for a recorded system, or a model that gives no answers.
    """
    card = models.find_card(name)
    readiness = models.check(card)
    if not is_speaker(card):
        raise Refused(f"{card.label} gives scores, not replies. Choose another judge.")
    if not isinstance(card, LocalCard | OpenAICard):
        raise Refused(f"{readiness.why} {readiness.todo}".strip())
    return card, "" if readiness.ready else f"{readiness.why} {readiness.todo}".strip()


def name_systems(store: Store, order: JudgeOrder) -> JudgeOrder:
    """Return an order that names its systems: all but the references where it names none.

    Errors: NotFound for a system that answered nothing of the benchmark.
    """
    known = list_systems(store, order.benchmark)
    names = {system.name for system in known}
    for name in (*order.systems, *order.against):
        if name not in names:
            said = f"There are no answers of {name!r} to {order.benchmark}."
            raise NotFound(f"{said} {list_names(known)}")
    if order.systems:
        return order
    planted = list_canaries()
    rest = sorted(names - set(order.against) - set(planted))
    return replace(order, systems=tuple(rest))


def add_canaries(order: JudgeOrder) -> tuple[str, ...]:
    """Return the systems of an order, with the canaries where they are to ride along."""
    return (*order.systems, *(list_canaries() if order.canaries else ()))


def find_entries(
    store: Store, order: JudgeOrder, benchmark_id: int, items: Mapping[int, Item]
) -> dict[str, dict[int, Entry]]:
    """Return the answers that are to be judged, by system and by the item's row number.

    Edge: canaries that are not planted yet are there with number 0.
    """
    entries: dict[str, dict[int, Entry]] = {}
    for name in dict.fromkeys((*add_canaries(order), *order.against)):
        rows = store.rows(SELECT_ENTRIES, (benchmark_id, name, order.sample))
        entries[name] = {row["item_id"]: Entry(name, row["answer_id"], row["text"]) for row in rows}
    if order.canaries:
        for row, item in items.items():
            for name, text in list_canaries(item.lang).items():
                entries[name].setdefault(row, Entry(name, 0, text))
    return entries


def find_protocol(store: Store, name: ProtocolName, items: Sequence[Item]) -> Protocol:
    """Return a protocol in the language of most items.

    Errors: NotFound where the original prompts have not been imported.
    """
    if name == "original":
        return read_original(store)
    n_chinese = sum(item.lang.startswith("zh") for item in items)
    return read_protocol("zh" if n_chinese * 2 > len(items) else "en")


def plan_asking(card: LocalCard | OpenAICard, order: JudgeOrder, protocol: Protocol) -> Asking:
    """Return how each case is put to the judge."""
    is_structured = order.protocol != "original" and getattr(card, "structured", False)
    form: Form = "schema" if order.form == "schema" else "text"
    if order.form == "auto" and is_structured:
        form = "schema"
    usual = N_LOCAL if isinstance(card, LocalCard) else N_REMOTE
    return Asking(
        protocol, form, order.temperature, order.max_tokens, order.seed, order.n_parallel or usual
    )


def hash_judge(card: LocalCard | OpenAICard, asking: Asking) -> str:
    """Return the hash of a judge, and of all that it is told besides a protocol's rubrics.

    Errors: NotFound for an unknown chat template.
    """
    name = card.template if isinstance(card, LocalCard) else ""
    template = read_template(name).sha256 if name else ""
    schema = tell_schema(SCHEMA).content if asking.form == "schema" else ""
    return hash_text(card.sha256, template, schema, tell_reminder(asking, "")[-1].content)


def tell_reminder(asking: Asking, reply: str) -> tuple[Message, ...]:
    """Return what the judge is told besides the case after a reply that could not be read."""
    return build_reminder((), reply, asking.form, asking.protocol.lang)


def add_cost(store: Store, outlook: JudgeOutlook) -> JudgeOutlook:
    """Return an outlook with what it costs, where it costs anything."""
    card = outlook.card
    if not isinstance(card, OpenAICard) or find_prices(card) in (None, (0, 0)):
        return outlook
    once, twice = sum_costs(fill_prices(card), outlook)
    left = max(card.daily_cap_usd - spent_today(store, card.name), 0)
    spent = count_spent(store, outlook.order)
    return replace(outlook, cost_usd=once, worst_usd=twice, left_usd=left, spent_usd=spent)


def sum_costs(card: OpenAICard, outlook: JudgeOutlook) -> tuple[float, float]:
    """Return what all calls can cost at most: each case asked once, or each reminded too."""
    asking, once, again = outlook.asking, 0.0, 0.0
    schema = [tell_schema(SCHEMA)] if asking.form == "schema" else []
    reminders: dict[int, tuple[Message, ...]] = {}  # by the longest reply; each reads a file
    for task in outlook.tasks:
        longest = plan_sampling(asking, task.case).max_tokens
        messages = [*schema, *build_case_messages(asking, task.case, BOUNDARY)]
        if longest not in reminders:  # as many tokens as a reply can have, as they are counted
            reminders[longest] = tell_reminder(asking, "x" * 2 * longest)
        once += estimate(card, messages, longest) or 0
        again += estimate(card, [*messages, *reminders[longest]], longest) or 0
    return once, once + again
