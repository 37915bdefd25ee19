"""Runs as the list shows them: what each asks for, how far it is, and what went wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from annotations.answering import Answering
from annotations.errands import Pace
from annotations.generation import Run, State
from backend.dialogue import ANSWERED
from ui.pieces import finish, join, show_bar

NOTHING = "No runs yet. Choose a model and a benchmark, and start one."
STATES: dict[State, tuple[str, str]] = {
    "running": ("paused", "Running"),
    "done": ("open", "Done"),
    "cancelled": ("closed", "Cancelled"),
    "interrupted": ("warning", "Interrupted"),
    "failed": ("problem", "Failed"),
}
FAILURES = {
    "stopped": "stopped",
    "empty": "empty",
    "refused": "refused by the model",
    "filtered": "filtered",
    "too_long": "too long for the context",
    "no_quota": "without quota",
    "bad_key": "with a bad key",
    "unknown_model": "of an unknown model",
    "rate_limited": "over the rate limit",
    "timeout": "too slow",
    "unreachable": "unreachable",
    "cut_off": "cut off",
    "malformed": "malformed",
    "server_error": "server errors",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One run as the list shows it; `pace` is None unless it goes on."""

    run: Run
    pace: Pace | None = None


def list_lines(answering: Answering, runs: Sequence[Run]) -> list[Line]:
    """Return the runs, each with how it is getting on."""
    return [
        Line(run, answering.look(run.run_id) if run.state == "running" else None) for run in runs
    ]


def show_runs(lines: Sequence[Line], now: float) -> str:
    """Return the list of runs, the newest first."""
    if not lines:
        return finish(Markup('<div class="empty">{}</div>').format(NOTHING))
    html = Markup("<ul class='checks runs'>{}</ul>")
    return finish(html.format(join([show_run(line, now) for line in lines])))


def show_run(line: Line, now: float) -> Markup:
    """Return one run: what it is about, how far it is, and what went wrong."""
    run = line.run
    css, state = say_state(run)
    bar = show_bar(run.n_answered, run.n_wanted, f"Answers of {run.system}")
    words = [say_order(run, now), say_pace(line.pace), say_failures(run.outcomes), run.message]
    said = join([Markup("<p>{}</p>").format(word) for word in words if word])
    return Markup('<li><b>{}</b><span class="status {}">{}</span><div>{}{}</div></li>').format(
        run.system, css, state, bar, said
    )


def say_state(run: Run) -> tuple[str, str]:
    """Return how a run is: the mark in front of it, and its word."""
    if run.state == "done" and can_resume(run):
        return "warning", "Some failed"
    return STATES[run.state]


def say_order(run: Run, now: float) -> str:
    """Return what a run asked for, who started it, and when."""
    samples = f"{run.samples} samples of each item" if run.samples > 1 else ""
    some = f"the first {run.n_items:,} items" if run.n_items else ""
    facts = [run.benchmark, f"asked of {run.card}", some, samples, f"by {run.actor}"]
    return f"{', '.join(fact for fact in facts if fact)}, {say_ago(now - run.started_at)}."


def say_ago(seconds: float) -> str:
    """Return how long ago something was."""
    minutes = int(max(seconds, 0) // 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 2880 else f"{minutes // 1440} days ago"


def say_pace(pace: Pace | None) -> str:
    """Return how fast a run goes, and how long the rest will take."""
    if pace is None:
        return ""
    if pace.rate is None or pace.left_s is None:
        return f"{pace.note or 'waiting for the first answer'}."
    rate = f"{pace.rate:.1f} a second" if pace.rate >= 1 else f"{60 * pace.rate:.1f} a minute"
    return f"{rate}, {say_left(pace.left_s)} left."


def say_left(seconds: float) -> str:
    """Return about how long something will take."""
    if seconds < 90:
        return f"about {seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 120 else f"about {minutes / 60:.1f} h"


def say_failures(outcomes: Mapping[str, int]) -> str:
    """Return what has no answer, and which answers were cut, by name."""
    words = [f"{n:,} {FAILURES.get(name, name)}" for name, n in outcomes.items()
             if name not in ANSWERED]  # fmt: skip
    failed = f"Failed: {', '.join(words)}." if words else ""
    n_cut = outcomes.get("truncated", 0)
    cut = f"{n_cut:,} answers are cut at the longest that was allowed." if n_cut else ""
    return f"{failed} {cut}".strip()


def can_resume(run: Run) -> bool:
    """Say whether starting a run again could bring anything."""
    return run.state != "running" and run.n_answered < run.n_wanted


def list_choices(runs: Sequence[Run]) -> list[tuple[str, int]]:
    """Return what can be cancelled or resumed: of runs for the same answers only the newest."""
    newest: dict[tuple[str, str], Run] = {}
    for run in runs:
        newest.setdefault((run.benchmark, run.system), run)
    return [
        (f"{run.system}, {run.benchmark} ({say_state(run)[1].lower()})", run.run_id)
        for run in newest.values()
        if run.state == "running" or can_resume(run)
    ]
