"""Runs of judges as the list shows them: who judges what, how far it is, what it has cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from annotations.errands import Pace
from annotations.judging.judging import Judging
from annotations.judging.runs import JudgeRun, JudgeState
from annotations.judging.wishes import JudgeOrder
from backend.money import write_usd
from ui.admin.runs import say_ago, say_left
from ui.pieces import finish, join, show_bar

NOTHING = "No judge has run yet. Choose a judge, a benchmark and what is compared, and start."
STATES: Mapping[JudgeState, tuple[str, str]] = {
    "running": ("paused", "Running"),
    "done": ("open", "Done"),
    "paused": ("closed", "Paused"),
    "cancelled": ("closed", "Cancelled"),
    "interrupted": ("warning", "Interrupted"),
    "failed": ("problem", "Failed"),
}
FAILURES = {
    "unreadable": "unreadable",
    "refused": "refused by the judge",
    "filtered": "filtered",
    "truncated": "cut at the longest that was allowed",
    "empty": "empty",
    "api_error": "without a reply",
}
MAX_NAMED = 4  # systems that a line names


@dataclass(frozen=True, slots=True)
class Line:
    """One run as the list shows it; `pace` is None unless it goes on."""

    run: JudgeRun
    pace: Pace | None = None


def list_lines(judging: Judging, runs: Sequence[JudgeRun]) -> list[Line]:
    """Return the runs, each with how it is getting on."""
    return [Line(run, judging.look(run.run_id) if run.state == "running" else None) for run in runs]


def show_runs(lines: Sequence[Line], now: float) -> str:
    """Return the list of runs, the newest first."""
    if not lines:
        return finish(Markup('<div class="empty">{}</div>').format(NOTHING))
    html = Markup("<ul class='checks runs'>{}</ul>")
    return finish(html.format(join([show_run(line, now) for line in lines])))


def show_run(line: Line, now: float) -> Markup:
    """Return one run: what it is about, how far it is, what it has cost, and what went wrong."""
    run = line.run
    css, state = say_state(run)
    bar = show_bar(run.n_done, run.n_tasks, f"Judgments of {run.judge}, run {run.run_id}")
    words = [
        say_order(run, now), say_pace(line.pace), say_money(run),
        say_failures(run.outcomes, run.faults), run.message,
    ]  # fmt: skip
    said = join([Markup("<p>{}</p>").format(word) for word in words if word])
    return Markup('<li><b>{}</b><span class="status {}">{}</span><div>{}{}</div></li>').format(
        run.judge, css, state, bar, said
    )


def say_state(run: JudgeRun) -> tuple[str, str]:
    """Return how a run is: the mark in front of it, and its word."""
    if run.state == "done" and run.n_failed:
        return "warning", "Some failed"
    return STATES[run.state]


def say_order(run: JudgeRun, now: float) -> str:
    """Return what a run was sent to do, who started it, and when."""
    order = run.order
    what = f"Run {run.run_id}: {run.benchmark}, {name_some(order.systems) or 'all systems'}"
    facts = [
        f"{what} against {name_some(order.against)}",
        "" if order.protocol == "camelid" else "published prompts",
        "" if order.orders == "both" else "one order",
        f"{order.repeats} repeats" if order.repeats > 1 else "",
        "wins only" if order.wants == "wins" else "",
        "by schema" if run.form == "schema" else "",
        *list_sampling(order),
        f"the first {order.n_items:,} items" if order.n_items else "",
        "with canaries" if order.canaries else "",
        f"by {run.actor}",
    ]
    return f"{', '.join(fact for fact in facts if fact)}, {say_ago(now - run.started_at)}."


def list_sampling(order: JudgeOrder) -> list[str]:
    """Return what the judge was asked otherwise than its prompt says, and of which sample."""
    values = {
        "temperature": order.temperature, "max tokens": order.max_tokens, "seed": order.seed,
        "sample": order.sample or None,
    }  # fmt: skip
    return [f"{name} {value}" for name, value in values.items() if value is not None]


def name_some(names: Sequence[str]) -> str:
    """Return names in a line, the first of many."""
    rest = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def say_pace(pace: Pace | None) -> str:
    """Return how fast a run goes, how long the rest will take, and why it waits if it does."""
    if pace is None:
        return ""
    if pace.rate is None or pace.left_s is None:
        return f"{pace.note or 'Waiting for the first reply'}."
    rate = f"{pace.rate:.1f} a second" if pace.rate >= 1 else f"{60 * pace.rate:.1f} a minute"
    note = f" {pace.note.rstrip('.')}." if pace.note else ""
    return f"{rate}, {say_left(pace.left_s)} left.{note}"


def say_money(run: JudgeRun) -> str:
    """Return what a run has spent, and where it stops; nothing where it cost nothing."""
    cap = run.order.cap_usd
    if not run.cost_usd and cap is None:
        return ""
    spent = f"${run.cost_usd:,.4f}" if run.cost_usd < 1 else f"${run.cost_usd:,.2f}"
    if cap is None:
        return f"{spent} spent."
    return f"{spent} spent in this run; the order stops at {write_usd(cap)}."


def say_failures(outcomes: Mapping[str, int], faults: Mapping[str, int]) -> str:
    """Return what has no verdict, by name; of what had no reply, what was wrong."""
    words = [f"{n:,} {FAILURES.get(name, name)}" for name, n in outcomes.items() if name != "ok"]
    whys = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in faults.items())
    why = f" Without a reply: {whys}." if whys else ""
    return f"No verdict: {', '.join(words)}.{why}" if words else ""


def can_resume(run: JudgeRun) -> bool:
    """Say whether starting a run's order again could bring anything."""
    if run.state == "running":
        return False
    return run.n_done < run.n_tasks or bool(run.outcomes.get("api_error"))


def list_choices(runs: Sequence[JudgeRun]) -> list[tuple[str, int]]:
    """Return what can be stopped or resumed: of runs of the same order only the newest."""
    newest: dict[object, JudgeRun] = {}
    for run in runs:
        newest.setdefault(run.order.aim, run)
    return [
        (f"Run {run.run_id}: {run.judge}, {run.benchmark} ({say_state(run)[1].lower()})",
         run.run_id)
        for run in newest.values()
        if run.state == "running" or can_resume(run)
    ]  # fmt: skip
