"""Which models are being trained, for those who wait for them in the lab."""

from collections.abc import Sequence

from training.demo import ACTOR
from training.orders import Job

MOST_NAMED = 2


def list_coming(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs that have not ended, the next to end first."""
    return sorted(
        (job for job in jobs if job.state.life != "ended"), key=lambda job: job.created_at
    )


def say_coming(jobs: Sequence[Job]) -> str:
    """Return which models are being trained and how far they are, or nothing where none is."""
    coming = list_coming(jobs)
    if not coming:
        return ""
    words = [say_one(job) for job in coming[:MOST_NAMED]]
    if len(coming) > MOST_NAMED:
        words.append(f"{len(coming) - MOST_NAMED} more wait.")
    return " ".join(words)


def say_one(job: Job) -> str:
    """Return how far one model is."""
    state = job.state
    if state.life == "queued":
        return f"{job.order.name} is the next to be trained."
    if not state.step:
        return f"The training of {job.order.name} is starting."
    return f"{job.order.name} is being trained: {state.step:,} of {state.n_steps:,} steps."


def list_demos(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs that made the demo's models; an empty list where nobody wanted them."""
    return [job for job in jobs if job.order.actor == ACTOR]
