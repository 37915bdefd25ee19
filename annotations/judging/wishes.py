"""What a judge is sent to do, in words that can be kept and begun again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from annotations.judging.tasks import ORDERS, WANTS, Orders, Pairing, Wants
from annotations.orders import MAX_PARALLEL, MAX_TOKENS, check_range
from annotations.spending import NANO
from annotations.store import Store
from backend.errors import InputError

ProtocolName = Literal["camelid", "original"]
PROTOCOLS: tuple[ProtocolName, ...] = ("camelid", "original")
FORMS = ("auto", "text", "schema")
MAX_REPEATS = 100
MAX_CAP_USD = 1_000_000.0

# One row: one run of a judge over a benchmark, with what has been set aside or spent for it.
SELECT_PAID = """
    SELECT r.wish, r.state, (SELECT coalesce(sum(coalesce(spent_nano_usd, reserved_nano_usd)), 0)
        FROM judge_payment p JOIN reservation USING(reservation_id)
        WHERE p.judge_run_id = r.judge_run_id) AS nano_usd
    FROM judge_run r JOIN benchmark b USING(benchmark_id)
    WHERE b.name = ? AND r.judge = ? ORDER BY r.judge_run_id DESC"""


@dataclass(frozen=True, slots=True)
class JudgeOrder:
    """Who judges which answers, against which, and how.

    `judge` is a model's card; `systems` empty means all that answered the benchmark. `orders`
    "published" has the reference second only. `wants` "wins" takes equal answers for a tie without
    a call. None is as the protocol says; `form` "auto" is what suits the judge. `cap_usd` holds
    for the order until it is done, however often it is begun again. `retry` asks again for what
    ended without a verdict.
    Edge: `n_items` 0 means all of them, `n_parallel` 0 as many at a time as suit the judge.
    """

    judge: str
    benchmark: str
    systems: tuple[str, ...]
    against: tuple[str, ...]
    protocol: ProtocolName = "camelid"
    orders: Orders = "both"
    repeats: int = 1
    wants: Wants = "scores"
    form: Literal["auto", "text", "schema"] = "auto"
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    cap_usd: float | None = None
    n_items: int = 0
    n_parallel: int = 0
    canaries: bool = False
    retry: bool = False
    sample: int = 0

    @property
    def aim(self) -> "JudgeOrder":
        """Return the order without what may change from one time to the next."""
        return replace(self, cap_usd=None, n_parallel=0, retry=False)

    @property
    def pairing(self) -> Pairing:
        """Return which answers meet."""
        return Pairing(self.systems, self.against, self.orders, self.repeats)


def check_judge_order(order: JudgeOrder) -> None:
    """Refuse what makes no sense.

    Errors: InputError with the value and what it can be.
    """
    if not order.judge or not order.benchmark:
        raise InputError("Choose a judge and a benchmark first.")
    if not order.against:
        raise InputError("Name what the answers are compared with (--against).")
    check_word("The protocol", order.protocol, PROTOCOLS)
    check_word("The order of answers", order.orders, ORDERS)
    check_word("What is wanted", order.wants, WANTS)
    check_word("The form of the reply", order.form, FORMS)
    if order.protocol == "original" and order.form == "schema":
        raise InputError("The original protocol asks for text; leave the form at auto or text.")
    check_range("Repeats", order.repeats, 1, MAX_REPEATS)
    check_range("Temperature", order.temperature or 0, 0, 2)
    check_range("Longest reply", 1 if order.max_tokens is None else order.max_tokens, 1, MAX_TOKENS)
    check_range("The cap", order.cap_usd or 0, 0, MAX_CAP_USD)
    check_range("Items", order.n_items, 0, 10_000_000)
    check_range("At a time", order.n_parallel, 0, MAX_PARALLEL)
    check_range("Sample", order.sample, 0, 1_000_000)


def check_word(what: str, word: str, words: Sequence[str]) -> None:
    """Refuse a word that is none of those it can be."""
    if word not in words:
        raise InputError(f"{what} is {word!r}; it can be {' or '.join(words)}.")


def write_order(order: JudgeOrder) -> dict[str, Any]:
    """Return an order as plain data."""
    return asdict(order)


def read_order(told: Mapping[str, Any]) -> JudgeOrder:
    """Return an order from plain data."""
    known = {field.name for field in fields(JudgeOrder)}
    listed = {name: tuple(told[name]) for name in ("systems", "against")}
    return JudgeOrder(**{k: v for k, v in told.items() if k in known} | listed)


def count_spent(store: Store, order: JudgeOrder) -> float:
    """Return the US dollars that an order has cost since it was last done, over all its runs."""
    nano_usd = 0
    for row in store.rows(SELECT_PAID, (order.benchmark, order.judge)):
        if read_order(json.loads(row["wish"])).aim == order.aim:
            if row["state"] == "done":
                break
            nano_usd += row["nano_usd"]
    return nano_usd / NANO
