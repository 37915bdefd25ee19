"""All jobs, and one of them as it goes: curves, log, report, notes, and what to do with it."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from backend.errors import CamelidError, InputError
from training.jobs import find_job, list_jobs
from training.orders import Job
from training.report import read_report
from training.states import METRICS, read_last, read_log, read_metrics
from ui.admin.desk import answer, check_admin
from ui.admin.training.curves import Curve, draw_curves
from ui.admin.training.jobs import (
    is_live,
    list_choices,
    show_job,
    show_jobs,
    show_log,
    show_settings,
)
from ui.admin.training.notes import Notes
from ui.admin.training.preview import show_report
from ui.admin.training.removal import Removal
from ui.context import Context
from ui.ink import Theme
from ui.lab.results import find_theme
from ui.pieces import QUICK, finish, make_markdown, show_link, show_problem, unwrap

SECONDS = 2.0
N_JOBS = 40  # in the list
N_LINES = 60  # of the log
MOST_COMPARED = 6
MAX_QUERY = 2000
GONE = "The job {} is not there, or no longer. Choose another one."
FINAL = ("done", "bad_data")  # such a job can be cloned, not resumed


def mark(text: str) -> str:
    """Return what tells a text from others, short."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def measure_curves(jobs: Sequence[Job]) -> str:
    """Return what changes when one of the jobs has logged more; nothing is parsed for it."""
    told = (f"{job.id} {measure(job.folder / METRICS)} {is_live(job)}" for job in jobs)
    return mark(" ".join(told))


def measure(path: Path) -> int:
    """Return how long a file is, 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def read_address(address: str) -> str:
    """Return the job that an address names, or nothing."""
    if len(address) > MAX_QUERY:
        return ""
    return dict(parse_qsl(address.removeprefix("?"))).get("job", "")


def find_rates(jobs: Sequence[Job]) -> dict[str, float]:
    """Return tokens a second of the jobs that run, by what each has logged last."""
    last = {job.id: read_last(job.folder / METRICS) for job in jobs if is_live(job)}
    return {name: rate for name, line in last.items() if (rate := line.get("tokens_per_s"))}


def skip_seen(
    told: Sequence[tuple[str, Callable[[], Any]]], seen: Sequence[str]
) -> tuple[list[Any], str]:
    """Return what has another sign than it had before, and all signs in one line."""
    known = seen if len(seen) == len(told) else [""] * len(told)
    fresh = [
        gr.skip() if sign == before else make()
        for (sign, make), before in zip(told, known, strict=True)
    ]
    return fresh, " ".join(sign for sign, _ in told)


def offer(job: Job | None) -> tuple[dict[str, Any], ...]:
    """Return how the buttons that stop, resume, clone and remove are.

    Edge: a second stop doesn't wait for a save.
    """
    if job is None:
        return ({"interactive": False},) * 4
    over, stopping = job.state.life == "ended", job.state.life == "stopping"
    stop = {"value": "Stop now" if stopping else "Stop", "interactive": not over}
    resume = {"interactive": over and job.state.end not in FINAL}
    return stop, resume, {"interactive": True}, {"interactive": over}


def draw(jobs: Sequence[Job], theme: Theme) -> Any:  # noqa: ANN401
    """Return the update of the curves."""
    curves = [Curve(job.order.name, read_metrics(job), not is_live(job)) for job in jobs]
    figure = draw_curves(curves, theme=theme)
    return gr.update(value=figure, visible=figure is not None)


class Watcher:
    """The part of the tab where jobs are watched."""

    def __init__(self, context: Context) -> None:
        """Lay out the part."""
        self.context = context
        self.data = context.settings.data
        self.table = make_markdown(elem_id="training-jobs")
        with gr.Row(elem_classes="line"):
            self.job = gr.Dropdown([], label="Job", scale=3)
            self.stop = gr.Button("Stop", elem_classes="act")
            self.resume = gr.Button("Resume", elem_classes="act")
            self.clone = gr.Button("Clone with changes", elem_classes="act")
            self.remove = gr.Button("Remove", elem_classes="act")
        self.removal = Removal(context)
        self.done = make_markdown()
        self.head = make_markdown(elem_classes="part")
        with gr.Column(visible=False) as self.one:
            self.others = gr.Dropdown(
                [], label="Compare with", value=[], multiselect=True,
                max_choices=MOST_COMPARED, info="Their curves are drawn over this job's.",
            )  # fmt: skip
            self.plot = gr.Plot(
                show_label=False, container=False, elem_classes="figure curves", visible=False
            )
            with gr.Accordion("Log, the last lines", open=True, elem_classes="fold"):
                self.log = make_markdown(elem_id="training-log")
            with gr.Accordion("What it was told, and the report", open=False, elem_classes="fold"):
                self.told = make_markdown()
            self.notes = Notes(context)
        self.address = make_markdown(elem_classes="address")
        self.where = gr.Textbox(elem_id="training-where", visible="hidden", show_label=False)
        self.seen = gr.Textbox(elem_id="training-seen", visible="hidden", show_label=False)
        self.clock = gr.Timer(SECONDS, active=False)

    # What is shown

    def list_moving(self) -> list[Any]:
        """Return the components that a tick may change."""
        shown = [self.table, self.job, self.head, self.plot, self.log]
        buttons = [self.stop, self.resume, self.clone, self.remove]
        return [*shown, *buttons, self.seen, self.clock]

    def list_outputs(self) -> list[Any]:
        """Return all components that another job changes."""
        return [*self.list_moving(), self.one, self.others, self.told, self.notes.field,
                self.notes.said, self.address, self.removal.box]  # fmt: skip

    def arrive(
        self, request: gr.Request, job_id: str | None, others: list[str] | None
    ) -> list[Any]:
        """Show what was looked at before; at first what the page's own address asks for."""
        asked = job_id or unwrap(request).query_params.get("job", "")
        return [*self.show(request, asked, others), self.miss(asked)]

    def visit(self, request: gr.Request, address: str) -> list[Any]:
        """Show the job that a link of the list leads to; the page's script brings its address."""
        asked = read_address(address)
        return [*self.show(request, asked, []), self.miss(asked)]

    def miss(self, asked: str) -> Any:  # noqa: ANN401
        """Say so when the job that an address names is not there."""
        try:
            if asked:
                find_job(self.data, asked)
        except CamelidError:
            return show_problem(GONE.format(asked[:80]))
        return gr.skip()

    def show(self, request: gr.Request, job_id: str | None, others: list[str] | None) -> list[Any]:
        """Show all jobs, and one of them whole."""
        check_admin(self.context, request)
        jobs = list_jobs(self.data)[:N_JOBS]
        job = self.find(jobs, job_id)
        moving = self.watch(request, jobs, job, others or [], "")
        closed = gr.update(visible=False)
        if job is None:
            return [*moving, gr.update(visible=False), *[gr.skip()] * 4, "", closed]
        rest = [one for one in list_choices(jobs) if one[1] != job.id]
        known = [name for name in others or [] if name in [value for _, value in rest]]
        link = show_link("Link to this job", "/admin/", tab="training", job=job.id)
        return [
            *moving,
            gr.update(visible=True),
            gr.update(choices=rest, value=known),
            show_settings(job) + self.read_report(job),
            self.notes.read(job.id),
            "",
            finish(link),
            closed,
        ]

    def find(self, jobs: Sequence[Job], job_id: str | None) -> Job | None:
        """Return the job that was asked for, however old; else one under way, else the newest."""
        if job_id:
            try:
                return find_job(self.data, job_id)
            except CamelidError:
                pass
        going = [job for job in jobs if job.state.life not in ("queued", "ended")]
        return next(iter([*going, *jobs]), None)

    def tick(
        self, request: gr.Request, job_id: str | None, others: list[str] | None, seen: str | None
    ) -> list[Any]:
        """Show what has changed since."""
        check_admin(self.context, request)
        jobs = list_jobs(self.data)[:N_JOBS]
        return self.watch(request, jobs, self.find(jobs, job_id), others or [], seen or "")

    def watch(
        self,
        request: gr.Request,
        jobs: Sequence[Job],
        job: Job | None,
        others: Sequence[str],
        seen: str,
    ) -> list[Any]:
        """Return what moves, as far as it is not seen yet; the clock goes on as long as a job."""
        now, theme = self.context.store.clock(), find_theme(unwrap(request))
        compared = [one for one in jobs if job and one.id in others and one.id != job.id]
        drawn = [job, *compared] if job else []
        old = [job] if job and job.id not in [one.id for one in jobs] else []
        listed = list_choices([*jobs, *old])
        chosen = gr.update(choices=listed, value=job.id if job else None)
        rates = find_rates(jobs)
        table = show_jobs(jobs, rates, now)
        head = show_job(job, now, rates.get(job.id)) if job else ""
        log = show_log(read_log(job, N_LINES)) if job else ""
        fresh, signs = skip_seen(
            [
                (mark(table), lambda: table),
                (mark(f"{listed} {job and job.id}"), lambda: chosen),
                (mark(head), lambda: head),
                (theme + measure_curves(drawn), lambda: draw(drawn, theme)),
                (mark(log), lambda: log),
            ],
            seen.split(" "),
        )
        # Buttons are told each time: an answer that comes late leaves no wrong one behind.
        buttons = [gr.update(**how) for how in offer(job)]
        return [*fresh, *buttons, signs, gr.Timer(active=any(is_live(one) for one in jobs))]

    def read_report(self, job: Job) -> str:
        """Return what was counted before a job started, or nothing where that is not known."""
        try:
            return show_report(read_report(job.folder))
        except CamelidError:
            return ""

    # What can be done

    def end(self, request: gr.Request, job_id: str | None) -> str:
        """Stop a job; it saves a checkpoint first, unless it was asked to stop before."""

        def stop(id: str) -> None:
            again = find_job(self.data, id).state.life == "stopping"
            self.context.workshop.stop(id, now=again)

        return self.act(request, job_id, stop, "stops")

    def go_on(self, request: gr.Request, job_id: str | None) -> str:
        """Put a job into the queue again, to go on from its last checkpoint."""
        return self.act(request, job_id, self.context.workshop.resume, "goes on")

    def act(
        self, request: gr.Request, job_id: str | None, how: Callable[[str], object], word: str
    ) -> str:
        """Do something with the job that was chosen, and say so."""
        check_admin(self.context, request)

        def deed() -> list[str]:
            if not job_id:
                raise InputError("Choose a job first.")
            job = find_job(self.data, job_id)
            how(job.id)
            return [f"{job.order.name} {word}."]

        return answer(deed)

    def wire(self, site: gr.Blocks, tab: gr.Tab, others: list[gr.Tab]) -> dict[str, Any]:
        """Wire the part; return how it is shown again."""
        out, moving = self.list_outputs(), self.list_moving()
        chosen = [self.job, self.others]
        again: dict[str, Any] = {"fn": self.show, "inputs": chosen, "outputs": out, **QUICK}
        since: dict[str, Any] = {
            "fn": self.tick, "inputs": [*chosen, self.seen], "outputs": moving, **QUICK
        }  # fmt: skip
        for arrival in (site.load, tab.select):  # by the second event the page has told its theme
            arrival(self.arrive, chosen, [*out, self.done], **QUICK).then(**since)
        self.clock.tick(**since)
        self.job.input(**again)
        self.others.input(**since)
        self.where.submit(self.visit, self.where, [*out, self.done], **QUICK)
        self.stop.click(self.end, self.job, self.done, **QUICK).then(**again)
        self.resume.click(self.go_on, self.job, self.done, **QUICK).then(**again)
        self.removal.wire(self.remove, self.job, self.done, again)
        self.notes.wire(self.job)
        for other in others:
            other.select(lambda: gr.Timer(active=False), None, self.clock, **QUICK)
        return again
