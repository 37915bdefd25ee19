"""What forbids a start, and what whoever starts should know; each is a sentence."""

from collections.abc import Iterator, Sequence

from training.data import find_benchmark_rows
from training.orders import Job
from training.recipe import Recipe
from training.report import Report, tell_bytes
from training.run.reading import Rows

N_NAMED = 5  # rows that a sentence names before it says how many more there are
SHARE_TRUNCATED = 0.2  # above it, answers are cut so often that it shows


def find_faults(report: Report, recipe: Recipe, refusals: Sequence[str]) -> Iterator[str]:
    """Yield what forbids a start."""
    if not report.n_examples:
        yield "Nothing is left to train on. See what was left out, and why."
    yield from find_masked(report, recipe)
    if refusals and len(refusals) > recipe.max_masked_share * report.n_rows:
        yield f"{len(refusals):,} rows don't fit the template {recipe.template}; {refusals[0]}"
    if report.context and recipe.max_length > report.context:
        yield (
            f"max_length {recipe.max_length:,} is more than the {report.context:,} tokens that the "
            "base model has learned; set it to that, or choose another base."
        )
    if report.disk_bytes > report.free_bytes:
        yield (
            f"Checkpoints need up to {tell_bytes(report.disk_bytes)}, and "
            f"{tell_bytes(report.free_bytes)} are free. Make room, or set keep=1."
        )


def find_masked(report: Report, recipe: Recipe) -> Iterator[str]:
    """Yield a fault when too many rows have lost their answer."""
    n_all = report.n_examples + report.n_held_out + report.n_masked
    if report.n_masked > recipe.max_masked_share * n_all:
        yield (
            f"{report.n_masked:,} of {n_all:,} rows ({report.n_masked / n_all:.1%}) have no loss "
            f"left: the question alone fills max_length {recipe.max_length:,}, or the template "
            f"{recipe.template} marks no answers. Allowed are {recipe.max_masked_share:.1%}. "
            "Set a larger max_length, or max_masked_share."
        )


def find_benchmarks(job: Job, rows: Rows) -> Iterator[str]:
    """Yield a fault when benchmark questions are among the data, unless the order forces it."""
    if job.order.force_benchmarks:
        return
    found = sorted({*find_benchmark_rows(rows.examples or rows.pairs)})
    if found:
        named = ", ".join(str(line) for line in found[:N_NAMED])
        more = f" and {len(found) - N_NAMED:,} more" if len(found) > N_NAMED else ""
        yield (
            f"{len(found):,} rows ask what the benchmarks ask (rows {named}{more}): whoever trains "
            "on them can't be measured by them. Take them out, or force it (--force-benchmarks)."
        )


def find_warnings(report: Report, recipe: Recipe) -> Iterator[str]:
    """Yield what whoever starts should know."""
    if report.effective_batch != recipe.global_batch:
        yield (
            f"A step sees {report.effective_batch:,} and not {recipe.global_batch:,} sequences: "
            f"they come {report.device_batch:,} at a time on each device, of which there are "
            f"{report.n_devices:,}."
        )
    if recipe.eval_share and report.n_examples and not report.n_held_out:
        yield "Nothing is held out to measure on: all rows are of one item."
    if report.share_truncated > SHARE_TRUNCATED:
        yield f"{report.share_truncated:.0%} of the sequences are cut off at their ends."
    if not report.on_gpu and recipe.precision != "fp32":
        yield f"It trains in fp32: there is no GPU for {recipe.precision}."
    if report.offload_bytes:
        yield (
            f"Weights and moments wait in the computer's own memory: "
            f"{tell_bytes(report.offload_bytes)} over all its devices."
        )
