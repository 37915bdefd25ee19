"""Jobs as the list shows them, and one of them: how far it is, what it says, how it ended."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from training.orders import End, Job, Life
from training.workshop import find_kind
from ui.admin.runs import say_ago, say_left
from ui.pieces import finish, join, show_bar, show_link

NOTHING = (
    "No jobs yet. Choose a recipe and training data under New job, see what will happen, and start."
)
LIVES: Mapping[Life, tuple[str, str]] = {
    "queued": ("closed", "Queued"),
    "starting": ("paused", "Starting"),
    "running": ("paused", "Running"),
    "stopping": ("paused", "Stopping"),
    "ended": ("closed", "Ended"),
}
ENDS: Mapping[End, tuple[str, str]] = {
    "": ("closed", "Ended"),
    "done": ("open", "Done"),
    "cancelled": ("closed", "Cancelled"),
    "interrupted": ("warning", "Interrupted"),
    "bad_data": ("problem", "Bad data"),
    "out_of_memory": ("problem", "Out of memory"),
    "disk_full": ("problem", "Disk full"),
    "not_finite": ("problem", "Not finite"),
    "crashed": ("problem", "Crashed"),
}


def is_live(job: Job) -> bool:
    """Say whether a job is still to change by itself."""
    return job.state.life != "ended"


def say_state(job: Job) -> tuple[str, str]:
    """Return how a job is: the mark in front of it, and its word."""
    return ENDS[job.state.end] if job.state.life == "ended" else LIVES[job.state.life]


def show_jobs(jobs: Sequence[Job], rates: Mapping[str, float], now: float) -> str:
    """Return the list of jobs, the newest first; `rates` are tokens a second by a job's id."""
    if not jobs:
        return finish(Markup('<div class="empty">{}</div>').format(NOTHING))
    rows = [show_row(job, rates.get(job.id), now) for job in jobs]
    return finish(Markup("<ul class='checks runs jobs'>{}</ul>").format(join(rows)))


def show_row(job: Job, rate: float | None, now: float) -> Markup:
    """Return one job: what it is about, how far it is, and its last message."""
    css, state = say_state(job)
    words = [say_order(job, now), say_pace(job, rate), job.state.message]
    said = join([Markup("<p>{}</p>").format(word) for word in words if word])
    link = show_link(job.order.name, "/admin/", "go", tab="training", job=job.id)
    return Markup('<li><b>{}</b><span class="status {}">{}</span><div>{}{}</div></li>').format(
        link, css, state, show_steps(job), said
    )


def show_steps(job: Job) -> Markup:
    """Return the bar of a job's steps; nothing before they are counted."""
    if not job.state.n_steps:
        return Markup("")
    step = job.state.n_steps if job.state.end == "done" else job.state.step
    return show_bar(step, job.state.n_steps, f"Steps of {job.order.name}")


def say_order(job: Job, now: float) -> str:
    """Return what a job was told to do, by whom, and when."""
    order, state = job.order, job.state
    n = len(order.settings)
    changed = f"{n} {'setting' if n == 1 else 'settings'} changed" if n else ""
    facts = [
        f"{order.recipe} on {', '.join(order.data) or 'no data'}",
        changed,
        f"GPU {', '.join(map(str, order.devices))}" if order.devices else "",
        f"{order.n_processes} processes" if order.n_processes > 1 else "",
        f"by {order.actor}" if order.actor else "",
    ]
    ended = f" Ended {say_ago(now - state.ended_at)}." if state.ended_at else ""
    started = say_ago(now - (state.started_at or state.queued_at or job.created_at))
    return f"{', '.join(fact for fact in facts if fact)}, {started}.{ended}"


def say_pace(job: Job, rate: float | None) -> str:
    """Return how fast a job goes, and how long the rest will take."""
    if not is_live(job):
        return ""
    pace = f"{rate:,.0f} tokens a second" if rate else ""
    left = f"{say_left(job.state.left_s)} left" if job.state.left_s is not None else ""
    said = ", ".join(word for word in (pace, left) if word)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def show_job(job: Job, now: float, rate: float | None = None) -> str:
    """Return the head of one job: its name, how it is and goes, and where to chat."""
    css, state = say_state(job)
    mark = Markup('<span class="status {}">{}</span>').format(css, state)
    words = [say_order(job, now), say_pace(job, rate), job.state.message]
    said = [Markup("<p>{}</p>").format(word) for word in words if word]
    if job.state.life == "ended" and job.state.end == "done":
        said.append(Markup("<p class='ways'>{}</p>").format(link_result(job)))
    head = Markup("<h2>{} {}</h2>").format(job.order.name, mark)
    return finish(Markup('<div class="job">{}{}{}</div>').format(head, show_steps(job), join(said)))


def link_result(job: Job) -> Markup:
    """Return the way to what a job has made: the chat, or where reward models are compared."""
    if find_kind(job) == "reward":
        where = {"tab": "training", "view": "circle"}
        return show_link("Compare it with people", "/admin/", "button", **where)
    return show_link("Chat with it", "/lab/", "button", tab="chat", model=job.order.name)


def show_log(lines: Sequence[str]) -> str:
    """Return the last lines that a job printed."""
    if not lines:
        return finish(Markup("<p class='quiet'>{}</p>").format("Nothing is printed yet."))
    text = "\n".join(lines)
    return finish(Markup('<div class="worker"><pre>{}</pre></div>').format(text))


def show_settings(job: Job) -> str:
    """Return what a job set otherwise than its recipe, and what it was trained on."""
    facts = [(name, str(value)) for name, value in job.order.settings.items()]
    facts += [(f"sha256 of {name}", value) for name, value in job.data_sha256.items()]
    facts += [("Goes on from", job.order.parent)] if job.order.parent else []
    facts.append(("Job", job.id))
    rows = join([Markup("<dt>{}</dt><dd>{}</dd>").format(*fact) for fact in facts])
    return finish(Markup("<dl class='facts'>{}</dl>").format(rows))


def list_choices(jobs: Sequence[Job]) -> list[tuple[str, str]]:
    """Return the jobs to choose from, with how they are."""
    return [(f"{job.order.name}, {say_state(job)[1].lower()} ({job.id})", job.id) for job in jobs]
