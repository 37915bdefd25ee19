"""What forbids a start, and what whoever starts should know; each is a sentence."""

from collections.abc import Iterator, Sequence

from backend.registry.readiness import has_module
from training.orders import Job
from training.recipe import Recipe
from training.report import Report, tell_bytes
from training.run.pairing import NO_ROOM, TOO_LONG

QUANTISER = "bitsandbytes"
N_NAMED = 5  # rows that a sentence names before it says how many more there are
SHARE_TRUNCATED = 0.2  # above it, answers are cut so often that it shows
SHARE_LONG = 0.2  # above it, what is left is another data set


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
    yield from find_missing(report, recipe)


def find_missing(report: Report, recipe: Recipe) -> Iterator[str]:
    """Yield a fault when this machine lacks what quantised weights need."""
    if recipe.quantisation == "none":
        return
    if not report.on_gpu:
        yield f"Weights in {recipe.quantisation} need a GPU, and none is here. Take another recipe."
    elif not has_module(QUANTISER):
        yield f"Weights in {recipe.quantisation} need {QUANTISER}. Run `pip install {QUANTISER}`."


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


def name_benchmarks(found: Sequence[int]) -> str:
    """Return which rows ask a benchmark's questions, and what comes of it."""
    named = ", ".join(str(line) for line in found[:N_NAMED])
    more = f" and {len(found) - N_NAMED:,} more" if len(found) > N_NAMED else ""
    who = f"{len(found):,} rows ask" if len(found) > 1 else "1 row asks"
    rows = f"row{'s' if len(found) > 1 else ''} {named}{more}"
    return (
        f"{who} what the benchmarks ask ({rows}): whoever trains on that can't be measured by them."
    )


def find_benchmarks(job: Job, found: Sequence[int]) -> Iterator[str]:
    """Yield a fault when benchmark questions are among the data, unless the order forces it."""
    if found and not job.order.force_benchmarks:
        yield (
            f"{name_benchmarks(found)} Take them out, or force it: "
            "Train on benchmarks too, under Advanced; in the terminal, --force-benchmarks."
        )


def find_forced(job: Job, found: Sequence[int]) -> Iterator[str]:
    """Yield a warning when benchmark questions are trained on all the same."""
    if found and job.order.force_benchmarks:
        yield f"{name_benchmarks(found)} It is forced, and the model's card will say so."


def find_mismatch(recipe: Recipe, spoken: str) -> Iterator[str]:
    """Yield a warning when a base that already answers does so with another template."""
    if spoken and spoken != recipe.template:
        yield (
            f"{recipe.base} answers with the template {spoken}, and is trained with "
            f"{recipe.template} here: what it has learned so far helps less. Set template to "
            f"{spoken}, or choose another base."
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
    if report.n_empty:
        yield (
            f"{report.n_empty:,} of {report.n_rows:,} rows answer nothing, which teaches a model "
            "to end at once. Take them out, if it should not."
        )
    if report.share_truncated > SHARE_TRUNCATED:
        yield f"{report.share_truncated:.0%} of the sequences are cut off at their ends."
    n_long = report.skipped.get(TOO_LONG, 0) + report.skipped.get(NO_ROOM, 0)
    n_all = n_long + report.n_examples + report.n_held_out
    if n_long > SHARE_LONG * n_all:
        yield f"{n_long / n_all:.0%} are left out: max_length {recipe.max_length:,} is too short."
    if not report.on_gpu and recipe.precision != "fp32":
        yield f"It trains in fp32: there is no GPU for {recipe.precision}."
    yield from find_offload(report, recipe)


def find_offload(report: Report, recipe: Recipe) -> Iterator[str]:
    """Yield what becomes of a wish to leave the weights in the computer's own memory."""
    if report.offload_bytes:
        yield (
            f"Weights and moments wait in the computer's own memory: "
            f"{tell_bytes(report.offload_bytes)} over all its devices."
        )
    elif recipe.offload:
        yield "Nothing is moved to the computer's own memory: that takes several GPUs (offload)."
