"""Pairs of preferred answers on their way to training: which of them ask what benchmarks ask."""

from annotations.pairing import PairSet
from training.data.benchmarks import find_benchmark_rows
from training.rows import Pair

BENCHMARKS = (
    "{n:,} of these pairs ask questions of the 252 or the 80, by which models are compared. A "
    "model trained on them can't be measured on them any more; training refuses them unless it is "
    "forced."
)


def count_benchmark_pairs(found: PairSet) -> int:
    """Return how many pairs ask what the 252 or the 80 ask."""
    rows = [
        Pair(pair.prompt, pair.chosen, pair.rejected, line, pair.item)
        for line, pair in enumerate(found.pairs, 1)
    ]
    return len(find_benchmark_rows(rows))


def warn_of_benchmarks(found: PairSet) -> str:
    """Return the sentence about pairs that training refuses, or nothing."""
    n = count_benchmark_pairs(found)
    return BENCHMARKS.format(n=n) if n else ""
