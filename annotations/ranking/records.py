"""The systems that the ranks of a system's samples make, as figures and judges read them."""

from dataclasses import dataclass

from annotations.library import find_benchmark
from annotations.store import Store

# One row: one rank of one system's samples on a benchmark, in the order of the figures.
SELECT_RANKED = """
    SELECT s.name AS system, k.name AS base, k.rank, r.card AS reward, r.samples AS n
    FROM ranked_system k JOIN system s ON s.system_id = k.system_id
        JOIN ranking_run r USING(ranking_run_id)
    WHERE k.benchmark_id = ? ORDER BY k.name, k.rank = 0, k.rank"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One rank of a system's samples: `system` has the answers, `base` is whose they all are.

    Units: `rank` from 1, the best, to `n`; 0 is the base's plain decoding (B in the figures).
    `reward` is the card of the model that put them in order.
    """

    system: str
    base: str
    rank: int
    reward: str
    n: int


def list_ranked(store: Store, benchmark: str) -> list[Ranked]:
    """Return the ranks on a benchmark: for each base 1 to n, then 0.

    Errors: NotFound for an unknown benchmark.
    """
    found = find_benchmark(store, benchmark)
    return [Ranked(**dict(row)) for row in store.rows(SELECT_RANKED, (found.benchmark_id,))]
