"""What is a translation of what, as figures and judges read it."""

from dataclasses import dataclass

from annotations.library import find_benchmark
from annotations.store import Store

SELECT_TRANSLATED = """
    SELECT DISTINCT s.name FROM translated_answer t JOIN answer a USING(answer_id)
        JOIN item i USING(item_id) JOIN system s USING(system_id) WHERE i.benchmark_id = ?"""

# One row: a benchmark that is another one in another language, and how far it is.
SELECT_TARGETS = """
    SELECT b.name, o.name AS origin, r.lang, r.card,
        (SELECT count(*) FROM item i WHERE i.benchmark_id = b.benchmark_id) AS n_items,
        (SELECT count(*) FROM item i WHERE i.benchmark_id = o.benchmark_id) AS n_wanted
    FROM translated_benchmark t JOIN benchmark b USING(benchmark_id)
        JOIN benchmark o ON o.benchmark_id = t.of_benchmark
        JOIN translation_run r USING(translation_run_id)
    ORDER BY b.name"""


@dataclass(frozen=True, slots=True)
class Target:
    """A benchmark that is `origin` in another language; `card` is the model that translates."""

    name: str
    origin: str
    lang: str
    card: str
    n_items: int
    n_wanted: int

    @property
    def complete(self) -> bool:
        """Say whether every item is there."""
        return self.n_items == self.n_wanted


def list_translated(store: Store, benchmark: str) -> set[str]:
    """Return the systems whose answers to a benchmark are translations of other answers.

    Edge: a benchmark that is no translation has none.
    Errors: NotFound for an unknown benchmark.
    """
    found = find_benchmark(store, benchmark)
    return {row["name"] for row in store.rows(SELECT_TRANSLATED, (found.benchmark_id,))}


def list_targets(store: Store) -> list[Target]:
    """Return the benchmarks that are translations, by name."""
    return [Target(**dict(row)) for row in store.rows(SELECT_TARGETS)]
