"""System: whether the app is well, how busy it is, and a backup on demand."""

from typing import Any

import gradio as gr
from markupsafe import Markup

from annotations.backups import list_backups, make_backup
from annotations.doctor import examine, say_age
from annotations.manifests import list_versions
from annotations.traffic import Traffic, count_traffic
from annotations.wishes import drop_plan, find_plan, plan_restore
from backend.errors import CamelidError
from backend.machine import Check, State
from ui.admin.desk import answer, check_admin
from ui.context import Context
from ui.meter import Reading
from ui.pieces import QUICK, finish, join, make_markdown, show_done, show_problem

SECONDS = 5.0
# Every page of the ledger is read: one at a time, away from the threads that votes need.
EXAMINING: dict[str, Any] = {
    "concurrency_id": "system",
    "concurrency_limit": 1,
    "show_progress": "minimal",
    "api_visibility": "private",
}
WORDS: dict[State, str] = {"ok": "Well", "warning": "Look at this", "problem": "Problem"}
ORDER: tuple[State, ...] = ("problem", "warning", "ok")
RESTORE = (
    "**Go back to a backup.** The ledger can't be exchanged while people write in it, so this "
    "happens when the app starts the next time. The ledger that is replaced is kept."
)
REFUSALS = {
    401: "not logged in (401)",
    403: "not allowed, or from another site (403)",
    413: "too large (413)",
    429: "too fast (429)",
}


def show_checks(checks: list[Check]) -> str:
    """Return every check with what to do, those that ask for something first."""
    ordered = sorted(checks, key=lambda check: ORDER.index(check.state))
    html = Markup("<h3>Checks</h3><ul class='checks'>{}</ul>")
    return finish(html.format(join([show_check(check) for check in ordered])))


def show_check(check: Check) -> Markup:
    """Return one check."""
    remedy = Markup("<p>{}</p>").format(show_code(check.remedy)) if check.remedy else ""
    return Markup("<li><b>{}</b>{}<div><p>{}</p>{}</div></li>").format(
        check.name, show_state(check.state), show_code(check.found), remedy
    )


def show_code(text: str) -> Markup:
    """Return a sentence in which what is to be typed stands out."""
    parts = text.split("`")
    return join([
        Markup("<code>{}</code>").format(part) if place % 2 else Markup("{}").format(part)
        for place, part in enumerate(parts)
    ])  # fmt: skip


def show_state(state: State) -> Markup:
    """Return a state as a word with a mark of its own."""
    return Markup('<span class="status {}">{}</span>').format(state, WORDS[state])


def show_pulse(traffic: Traffic, reading: Reading, backup: str) -> str:
    """Return how busy the app is."""
    facts = [
        ("Up", say_duration(reading.uptime_s)),
        ("Ballots saved", f"{traffic.n_minute:,} in the last minute, {traffic.n_hour:,} in the "
            f"last hour, {traffic.n_day:,} in the last day"),
        ("Pairs on a screen", f"{traffic.n_leased:,}"),
        ("Time to save", say_latency(reading)),
        ("Requests refused", say_refused(reading)),
        ("Last backup", backup),
    ]  # fmt: skip
    rows = [Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in facts]
    return finish(Markup('<dl class="facts">{}</dl>').format(join(rows)))


def say_duration(seconds: float) -> str:
    """Return how long the app has been up."""
    minutes = int(seconds // 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"{days:,} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def say_latency(reading: Reading) -> str:
    """Return how long saves take, on the server, with the next pair."""
    if reading.p50_s is None or reading.p95_s is None:
        return "nothing saved since the start"
    return (
        f"half within {1000 * reading.p50_s:,.0f} ms, 95 % within {1000 * reading.p95_s:,.0f} ms "
        f"(the last {reading.n_saves:,}, on this machine)"
    )


def say_refused(reading: Reading) -> str:
    """Return what was refused since the start."""
    parts = [f"{n:,} {REFUSALS[status]}" for status, n in reading.refused.items() if n]
    return f"{', '.join(parts)} since the start" if parts else "none since the start"


def show_versions() -> str:
    """Return the versions in one line."""
    words = " · ".join(f"{name} {version}" for name, version in list_versions().items())
    return finish(Markup('<p class="note">{}</p>').format(words))


class Monitor:
    """The tab of the system. It asks again only while it is looked at."""

    def __init__(self, context: Context) -> None:
        """Lay out the pulse, the checks and the backup."""
        self.context = context
        self.store = context.store
        self.pulse = make_markdown()
        with gr.Row(elem_classes="line"):
            self.back_up = gr.Button("Back up now", elem_classes="act")
            self.again = gr.Button("Check again", elem_classes="act")
        self.said = make_markdown()
        self.checks = make_markdown()
        make_markdown(RESTORE, elem_classes="part")
        with gr.Row(elem_classes="line"):
            self.backups = gr.Dropdown([], label="Backup", interactive=True)
            self.go_back = gr.Button("Restore at the next start", elem_classes="act")
            self.stay = gr.Button("Don't restore", elem_classes="act")
        self.planned = make_markdown()
        make_markdown(show_versions())
        self.clock = gr.Timer(SECONDS, active=False)

    def feel(self, request: gr.Request) -> str:
        """Return how busy the app is now."""
        check_admin(self.context, request)
        return show_pulse(count_traffic(self.store), self.context.meter.read(), self.say_backup())

    def say_backup(self) -> str:
        """Return how old the newest backup is."""
        backups = list_backups(self.store.folder)
        if not backups:
            return "none yet"
        return f"{say_age(backups[0], self.store.clock())} ago, {len(backups):,} in all"

    def wake(self, request: gr.Request) -> tuple[str, gr.Timer]:
        """Show the pulse and go on showing it."""
        return self.feel(request), gr.Timer(active=True)

    def examine(self, request: gr.Request) -> str:
        """Run all checks."""
        check_admin(self.context, request)
        return show_checks(examine(self.context.settings, self.store.clock()))

    def save(self, request: gr.Request) -> str:
        """Make a backup now."""
        check_admin(self.context, request)
        return answer(lambda: [f"Wrote {make_backup(self.store).name}, and checked it."])

    def look_back(self, request: gr.Request) -> tuple[gr.Dropdown, str]:
        """List the backups there are, and say what the next start will do."""
        check_admin(self.context, request)
        now = self.store.clock()
        names = [
            (f"{say_age(one, now)} ago{f', {one.reason}' if one.reason else ''}", one.path.name)
            for one in list_backups(self.store.folder)
        ]
        return gr.Dropdown(names, value=names[0][1] if names else None), self.say_plan()

    def say_plan(self) -> str:
        """Return what the next start will do."""
        plan = find_plan(self.store.folder)
        if plan is None:
            return ""
        return show_done(
            f"The next start goes back to {plan.backup}, as {plan.actor} asked. Restart the app "
            "now: votes that come in until then are in the replaced ledger only."
        )

    def plan(self, request: gr.Request, name: str | None) -> str:
        """Ask for a restore at the next start."""
        actor = check_admin(self.context, request)
        try:
            plan_restore(self.store.folder, name or "", actor.name)
        except CamelidError as error:
            return show_problem(error)
        return self.say_plan()

    def drop(self, request: gr.Request) -> str:
        """Take the wish back."""
        check_admin(self.context, request)
        drop_plan(self.store.folder)
        return ""

    def wire(self, _site: gr.Blocks, tab: gr.Tab, others: list[gr.Tab]) -> None:
        """Run while `tab` is looked at."""
        tab.select(self.look_back, None, [self.backups, self.planned], **QUICK)
        self.go_back.click(self.plan, self.backups, self.planned, **EXAMINING)
        self.stay.click(self.drop, None, self.planned, **QUICK)
        tab.select(self.wake, None, [self.pulse, self.clock], **QUICK)
        tab.select(self.examine, None, self.checks, **EXAMINING)
        self.clock.tick(self.feel, None, self.pulse, **QUICK)
        self.again.click(self.examine, None, self.checks, **EXAMINING)
        saved = self.back_up.click(self.save, None, self.said, **EXAMINING)
        saved.then(self.examine, None, self.checks, **EXAMINING)
        saved.then(self.look_back, None, [self.backups, self.planned], **QUICK)
        for other in others:
            other.select(lambda: gr.Timer(active=False), None, self.clock, **QUICK)
