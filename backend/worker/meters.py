"""What a worker counts about itself, in the text that Prometheus reads."""

import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path

EDGES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
OUTCOMES = ("stop", "length", "aborted", "failed", "scored")


class Meters:
    """Counts of everything since the start. Units: seconds and tokens."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.outcomes: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
        self.faults: Counter[int] = Counter()
        self.n_prompt_tokens = 0
        self.n_tokens = 0
        self.first_token_s = 0.0
        self.buckets = [0] * (len(EDGES) + 1)

    def time_first(self, seconds: float) -> None:
        """Count one wait for a first token."""
        self.first_token_s += seconds
        self.buckets[bisect_left(EDGES, seconds)] += 1

    def write(self, gauges: Mapping[str, float]) -> str:
        """Return everything counted, and what is measured now, as Prometheus reads it."""
        lines: list[str] = []
        for name, value in gauges.items():
            lines += describe(name, "gauge", {"": value})
        outcomes = {f'{{outcome="{name}"}}': count for name, count in self.outcomes.items()}
        faults = {f'{{status="{status}"}}': count for status, count in self.faults.items()}
        lines += describe("camelid_requests_total", "counter", outcomes)
        lines += describe("camelid_refusals_total", "counter", faults)
        lines += describe("camelid_prompt_tokens_total", "counter", {"": self.n_prompt_tokens})
        lines += describe("camelid_generated_tokens_total", "counter", {"": self.n_tokens})
        lines += self.describe_first()
        return "\n".join(lines) + "\n"

    def describe_first(self) -> list[str]:
        """Return the histogram of the times to a first token."""
        name = "camelid_time_to_first_token_seconds"
        edges = [*(str(edge) for edge in EDGES), "+Inf"]
        counts = list(accumulate(self.buckets))
        series: dict[str, float] = {
            f'_bucket{{le="{edge}"}}': count for edge, count in zip(edges, counts, strict=True)
        }
        return describe(
            name, "histogram", {**series, "_sum": self.first_token_s, "_count": counts[-1]}
        )


def describe(name: str, kind: str, series: Mapping[str, float]) -> list[str]:
    """Return one measure's lines; a key of `series` is what follows the name."""
    return [f"# TYPE {name} {kind}", *(f"{name}{key} {value}" for key, value in series.items())]


def measure_process() -> dict[str, float]:
    """Return the memory, in bytes, and the threads of this process, and of its GPU if any."""
    measured: dict[str, float] = {}
    status = Path("/proc/self/status")
    if status.is_file():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        measured["process_resident_memory_bytes"] = int(fields["VmRSS"].split()[0]) * 1024
        measured["process_threads"] = int(fields["Threads"])
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        measured["camelid_cuda_allocated_bytes"] = torch.cuda.memory_allocated()
        measured["camelid_cuda_reserved_bytes"] = torch.cuda.memory_reserved()
    return measured
