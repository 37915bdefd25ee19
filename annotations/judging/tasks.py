"""What a judge is to be asked: pairs of answers in an order, and what of it is known already.

A task's key says which systems, item and answers it is about; its content is all that the judge is
shown and how. Two tasks of equal content, as where two systems gave one answer, are asked once.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from annotations.conversations.records import write_sampling
from annotations.store import Row, Store
from backend.dialogue import Sampling
from backend.judge.asking import Asking, plan_sampling
from backend.judge.records import Case
from backend.records import Item, hash_text

Orders = Literal["both", "published"]
Wants = Literal["scores", "wins"]
ORDERS: tuple[Orders, ...] = ("both", "published")
WANTS: tuple[Wants, ...] = ("scores", "wins")
IDENTICAL = "identical"  # how a tie came about that nobody was asked for
# What another try may mend by itself; the other failures are asked again only when it is wished.
PASSING = "api_error"

# Whether a judgment has scores that a person read from its reply; the latest reading says.
BY_HAND = """coalesce((SELECT h.score_1 IS NOT NULL FROM judgment_reading h
    WHERE h.judgment_id = j.judgment_id ORDER BY h.judgment_reading_id DESC LIMIT 1), 0)"""

# One row: how a task of some key ended last.
SELECT_STANDING = f"""
    SELECT j.key, j.outcome, {BY_HAND} AS by_hand
    FROM judgment j WHERE j.key IN (SELECT value FROM json_each(?))
    ORDER BY j.key, j.attempt"""

# One row: one of some keys that has a verdict, by the judge or by a person who read its reply.
SELECT_VERDICT = f"""
    SELECT 1 FROM judgment j WHERE j.key IN (SELECT value FROM json_each(?))
        AND (j.outcome = 'ok' OR {BY_HAND}) LIMIT 1"""

# One row: one verdict on equal content, whatever systems it was about.
SELECT_EQUAL = """
    SELECT content, min(judgment_id) AS judgment_id FROM judgment
    WHERE outcome = 'ok' AND content <> '' AND content IN (SELECT value FROM json_each(?))
    GROUP BY content"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One system's answer to one item. Edge: number 0 is an answer that is yet to be planted."""

    system: str
    answer_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """Two answers to one item in one order, to be judged once.

    `item_row` is the item's row number; `key` and `content` are told above.
    """

    item_row: int
    item: Item
    first: Entry
    second: Entry
    reference_slot: int
    repeat: int
    key: str
    content: str

    @property
    def case(self) -> Case:
        """Return the task as a judge is asked it."""
        return Case(self.key, self.item, self.first.text, self.second.text)

    @property
    def is_identical(self) -> bool:
        """Say whether both answers are the same text."""
        return self.first.text == self.second.text


@dataclass(frozen=True, slots=True)
class Setup:
    """What a verdict hangs on besides the answers: who judges, and how.

    `judge_sha256` is of its card, and of what it is told besides the protocol's rubrics.
    """

    judge_sha256: str
    asking: Asking
    wants: Wants = "scores"


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which answers meet: each of `systems` with each of `against`, in which orders, how often."""

    systems: Sequence[str]
    against: Sequence[str]
    orders: Orders = "both"
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Sorted:
    """Tasks by what has to be done about them.

    `ask` goes to the judge; `twins` are the tasks of equal content, by the key of the one that is
    asked. `identical` are ties without a call, `copies` are tasks with the number of a verdict on
    equal content. `known` are judged; `failed` of them ended without a verdict, and stay so.
    """

    ask: list[Task] = field(default_factory=list)
    twins: dict[str, list[Task]] = field(default_factory=dict)
    identical: list[Task] = field(default_factory=list)
    copies: list[tuple[Task, int]] = field(default_factory=list)
    known: list[Task] = field(default_factory=list)
    failed: list[Task] = field(default_factory=list)


def make_key(  # noqa: PLR0913 - all that a verdict hangs on
    judge_sha256: str,
    prompt_sha256: str,
    item: Item,
    texts: tuple[str, str],
    sampling: Sampling,
    *,
    form: str,
    repeat: int = 0,
) -> str:
    """Return the hash of all that a judge is shown, in its order, and how it is asked."""
    told = [
        judge_sha256, prompt_sha256, item.instruction, item.input, item.app, item.lang, *texts,
        write_sampling(sampling), form, repeat,
    ]  # fmt: skip
    return hash_text(json.dumps(told, ensure_ascii=False))  # in JSON no text runs on into the next


def list_tasks(
    items: Mapping[int, Item],
    entries: Mapping[str, Mapping[int, Entry]],
    pairing: Pairing,
    setup: Setup,
) -> list[Task]:
    """Return every task, item by item; `entries` are answers by system and item's row number.

    With both orders the reference stands second first, then first; as published it stands second.
    Edge: a pair with an answer missing makes no task; what two pairs share is one task.
    """
    tasks = {
        task.key: task
        for row, item in items.items()
        for repeat in range(pairing.repeats)
        for one, other in list_pairs(pairing)
        if row in entries[one] and row in entries[other]
        for task in make_orders(row, item, (entries[one][row], entries[other][row]), repeat,
                                pairing.orders, setup)
    }  # fmt: skip
    return list(tasks.values())


def list_pairs(pairing: Pairing) -> Iterator[tuple[str, str]]:
    """Yield each system with each reference, itself too where it is one."""
    for reference in dict.fromkeys(pairing.against):
        for system in dict.fromkeys(pairing.systems):
            yield system, reference


def make_orders(
    row: int,
    item: Item,
    pair: tuple[Entry, Entry],
    repeat: int,
    orders: Orders,
    setup: Setup,
) -> Iterator[Task]:
    """Yield a pair's tasks; of an answer beside itself there is one order only."""
    system, reference = pair
    yield make_task(row, item, (system, reference), 2, repeat, setup)
    if orders == "both" and system.system != reference.system:
        yield make_task(row, item, (reference, system), 1, repeat, setup)


def make_task(
    row: int, item: Item, slots: tuple[Entry, Entry], reference_slot: int, repeat: int, setup: Setup
) -> Task:
    """Return one task with its key and content."""
    first, second = slots
    asking = setup.asking
    texts = (first.text, second.text)
    sampling = plan_sampling(asking, Case("", item, *texts))
    form = IDENTICAL if setup.wants == "wins" and first.text == second.text else asking.form
    content = make_key(
        setup.judge_sha256, asking.protocol.sha256, item, texts, sampling, form=form, repeat=repeat
    )
    key = hash_text(content, str(row), first.system, second.system)
    return Task(row, item, first, second, reference_slot, repeat, key, content)


def sort_tasks(store: Store, tasks: Sequence[Task], wants: Wants, *, retry: bool) -> Sorted:
    """Return what has to be asked and what is known; `retry` asks again for what failed.

    Edge: what a server failed to answer is always asked again; a reply that a person has read
    never is.
    """
    standing = find_standing(store, (task.key for task in tasks))
    made = Sorted()
    fresh = []
    for task in tasks:
        outcome = standing.get(task.key)
        if outcome in (None, PASSING) or (retry and outcome != "ok"):
            fresh.append(task)
        else:
            made.known.append(task)
            made.failed.extend([task] if outcome != "ok" else [])
    sort_fresh(made, fresh, find_equal(store, (task.content for task in fresh)), wants)
    return made


def sort_fresh(made: Sorted, fresh: Iterable[Task], equal: Mapping[str, int], wants: Wants) -> None:
    """Put tasks that are not judged where they belong."""
    asked: dict[str, Task] = {}
    for task in fresh:
        if wants == "wins" and task.is_identical:
            made.identical.append(task)
        elif task.content in equal:
            made.copies.append((task, equal[task.content]))
        elif task.content in asked:
            made.twins.setdefault(asked[task.content].key, []).append(task)
        else:
            asked[task.content] = task
            made.ask.append(task)


def find_standing(store: Store, keys: Iterable[str]) -> dict[str, str]:
    """Return how each key that was judged ended last; read by a person, it ended well."""
    rows = store.rows(SELECT_STANDING, (json.dumps(list(keys)),))
    return {row["key"]: find_outcome(row) for row in rows}


def find_outcome(row: Row) -> str:
    """Return an outcome, with what a person has made of it."""
    return "ok" if row["by_hand"] else str(row["outcome"])


def find_equal(store: Store, contents: Iterable[str]) -> dict[str, int]:
    """Return the numbers of verdicts on equal content."""
    rows = store.rows(SELECT_EQUAL, (json.dumps(list(contents)),))
    return {row["content"]: row["judgment_id"] for row in rows}
