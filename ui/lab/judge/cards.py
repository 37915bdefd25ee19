"""The judge on the lab's first page: the latest runs, and what has been judged in all."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from annotations.accounts import Account
from annotations.judging.browse import count_verdicts
from annotations.judging.runs import JudgeRun, JudgeState, read_judge_runs
from annotations.store import Store
from ui.pieces import join, show_bar, show_link

SHOWN = 3  # runs, the latest
STATES: dict[JudgeState, tuple[str, str]] = {
    "running": ("open", "Running"),
    "done": ("closed", "Done"),
    "paused": ("paused", "Paused"),
    "cancelled": ("closed", "Cancelled"),
    "interrupted": ("warning", "Interrupted"),
    "failed": ("problem", "Failed"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What judges have done so far: the latest runs, and how many verdicts there are in all."""

    runs: tuple[JudgeRun, ...] = ()
    n_verdicts: int = 0


def read_judged(store: Store) -> Judged:
    """Return what judges have done so far."""
    with store.snapshot():
        return Judged(tuple(read_judge_runs(store, SHOWN)), count_verdicts(store))


def show_judged(judged: Judged, account: Account) -> Markup:
    """Return a card for each of the latest runs and one for all verdicts; nothing without any."""
    cards = [show_run(run, account) for run in judged.runs]
    if judged.n_verdicts:
        cards.append(show_verdicts(judged.n_verdicts))
    if not cards:
        return Markup("")
    html = Markup('<div class="next"><h2>Judge</h2><div class="cards">{}</div></div>')
    return html.format(join(cards))


def show_run(run: JudgeRun, account: Account) -> Markup:
    """Return one run: who is judged by whom, how far it is, and where to go."""
    css, state = STATES[run.state]
    ways = [
        show_link("Bars", "/lab/", tab="judge", judge=run.judge, benchmark=run.benchmark),
        show_link("Judgments", "/lab/", tab="judge", view="judgments", source=f"run {run.run_id}"),
    ]
    if account.may("admin"):
        ways.append(show_link("Manage", "/admin/", tab="judge"))
    return Markup(
        '<div class="card"><div class="top"><h3>{} on {}</h3><span class="status {}">{}</span>'
        '</div><p class="quiet">{}</p>{}{}<p class="ways">{}</p></div>'
    ).format(
        run.judge, run.benchmark, css, state, say_sides(run.order.systems, run.order.against),
        show_bar(run.n_done, run.n_tasks, f"Run {run.run_id}: judged"), say_rest(run), join(ways),
    )  # fmt: skip


def say_sides(systems: Sequence[str], against: Sequence[str]) -> str:
    """Return who is measured against whom."""
    return f"{' · '.join(systems) or 'All systems'} against {' · '.join(against)}"


def say_rest(run: JudgeRun) -> Markup:
    """Return what went wrong in a run, why it ended, and what it cost."""
    cost = f"${run.cost_usd:,.2f} so far" if run.state == "running" else f"${run.cost_usd:,.2f}"
    words = [
        f"{run.n_failed:,} without a verdict" if run.n_failed else "",
        run.message,
        cost if run.cost_usd else "",
    ]
    return join([Markup("<p>{}</p>").format(word) for word in words if word])


def show_verdicts(n: int) -> Markup:
    """Return what has been judged in all, imported verdicts among it."""
    ways = [
        show_link(label, "/lab/", tab="judge", view=view)
        for label, view in (
            ("Bars", "bars"),
            ("Agreement", "agreement"),
            ("Judgments", "judgments"),
        )
    ]
    html = Markup(
        '<div class="card"><h3>All judgments</h3><p>{:,} verdict{}, imported ones among them</p>'
        '<p class="ways">{}</p></div>'
    )
    return html.format(n, "" if n == 1 else "s", join(ways))
