"""Orders for ranks: whose samples a reward model puts in order, and what that will do.

Nothing here asks anybody or writes anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.library import Benchmark, find_benchmark, list_names, list_systems
from annotations.orders import MAX_SAMPLES, check_range, count
from annotations.ranking.groups import Group, read_groups
from annotations.ranking.runs import Start, check_ranks
from annotations.store import Store
from backend.errors import InputError, NotFound, Refused
from backend.records import hash_text
from backend.registry.cards import LocalCard
from backend.switchboard import Switchboard
from backend.templates import read_template


@dataclass(frozen=True, slots=True)
class RankOrder:
    """Whose samples are put in order by which reward model.

    `baseline` is the system with the plain decoding; empty takes the first sample. `name` is what
    the ranks are called after; empty takes the system's name.
    """

    system: str
    benchmark: str
    reward: str
    samples: int = 5
    baseline: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """Return what the ranks are called after."""
        return self.name or self.system


@dataclass(frozen=True, slots=True)
class RankOutlook:
    """What an order will do: the groups of all items, of which some have samples without score.

    `n_short` items have fewer samples than are wanted, and get no ranks until the others come.
    """

    order: RankOrder
    card: LocalCard
    start: Start
    groups: list[Group]
    n_short: int = 0

    @property
    def missing(self) -> list[Group]:
        """Return the groups that have a sample without score."""
        return [group for group in self.groups if group.missing]

    @property
    def n_wanted(self) -> int:
        """Return how many samples have no score."""
        return sum(len(group.missing) for group in self.groups)

    @property
    def words(self) -> str:
        """Return what will happen, in a sentence."""
        order, n = self.order, self.n_wanted
        each = f"{count(len(self.groups), 'item')} × {count(order.samples, 'sample')}"
        there = f"{n:,} {'is' if n == 1 else 'are'}" if n else "nothing is"
        return f"{each} of {order.system}: {there} to be scored by {self.card.label}.{self.short}"

    @property
    def short(self) -> str:
        """Return the sentence about items that can't be ranked yet, or nothing."""
        if not self.n_short:
            return ""
        gets = "gets" if self.n_short == 1 else "get"
        return (
            f" {count(self.n_short, 'item')} with fewer samples {gets} no ranks; ask for the "
            "others, and rank again."
        )


def look_ahead_rank(store: Store, models: Switchboard, order: RankOrder) -> RankOutlook:
    """Return what an order will do; nothing is asked and nothing is written.

    Errors: NotFound for an unknown model, benchmark or system; InputError for numbers that make no
    sense, and for samples that are not there; Refused for a model that gives no scores, or can't
    be asked; Conflict when the name stands for other ranks.
    """
    check_range("Samples", order.samples, 2, MAX_SAMPLES)
    card = find_reward(models, order.reward)
    start = plan_ranks(card, order)
    with store.snapshot() as db:
        benchmark = find_benchmark(store, order.benchmark)
        check_answered(store, order.benchmark, (start.base, start.baseline))
        check_ranks(db, start)
        groups = read_groups(
            db, benchmark.benchmark_id, order.system, order.samples, start.reward_sha256
        )
    whole = find_whole(benchmark, order, groups)
    return RankOutlook(order, card, start, whole, benchmark.n_items - len(whole))


def find_reward(models: Switchboard, name: str) -> LocalCard:
    """Return the card of a reward model that can be asked now.

    Errors: NotFound; Refused that says what is in the way, and what to do.
    """
    card = models.find_card(name)
    if not isinstance(card, LocalCard) or card.role != "reward":
        raise Refused(f"{card.label} gives no scores. Choose a local card with the role reward.")
    readiness = models.check(card)
    if not readiness.ready:
        raise Refused(f"{readiness.why} {readiness.todo}".strip())
    return card


def plan_ranks(card: LocalCard, order: RankOrder) -> Start:
    """Return what the ledger is told of an order."""
    return Start(
        benchmark=order.benchmark,
        name=order.label,
        base=order.system,
        baseline=order.baseline or order.system,
        samples=order.samples,
        card=card.name,
        reward_sha256=hash_reward(card),
    )


def hash_reward(card: LocalCard) -> str:
    """Return what tells a reward model's scores from those of any other: weights and template."""
    return hash_text(card.sha256, read_template(card.template).sha256 if card.template else "")


def check_answered(store: Store, benchmark: str, systems: Sequence[str]) -> None:
    """Refuse systems that have answered nothing of a benchmark.

    Errors: NotFound with the names there are.
    """
    known = list_systems(store, benchmark)
    for system in systems:
        if system not in {one.name for one in known}:
            raise NotFound(
                f"There are no answers of {system!r} to {benchmark}. {list_names(known)}"
            )


def find_whole(benchmark: Benchmark, order: RankOrder, groups: Sequence[Group]) -> list[Group]:
    """Return the groups that have all their samples.

    Errors: InputError with what to do where no item has.
    """
    whole = [group for group in groups if len(group.samples) == order.samples]
    if not whole:
        raise InputError(
            f"{order.system} has {order.samples} samples of 0 of "
            f"{count(benchmark.n_items, 'item')} of {benchmark.name}. Ask for the others first "
            f"(answers generate --samples {order.samples}), or rank fewer with --samples."
        )
    return whole
