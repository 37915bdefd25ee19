"""Models: which there are, what each still needs, and the workers that serve the local ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import Markup

from backend.errors import InputError, Refused
from backend.registry import Known, Readiness, remove_card
from backend.registry.cards import LocalCard, RecordedCard
from backend.supervisor import WorkerState
from backend.switchboard import Switchboard
from ui.admin.cards import CardForm
from ui.admin.desk import answer, check_admin
from ui.admin.system import show_code
from ui.context import Context
from ui.markup import CONTROL
from ui.pieces import QUICK, finish, join, make_markdown

SECONDS = 1.0
LOG_LINES = 12
LOG_BYTES = 16_000  # read from the end of a log
MOVING = ("loading", "stopping")
KINDS = {"local": "on this machine", "openai": "on a server", "recorded": "recorded"}
NOTHING = "No model can be asked yet. Add one here, or see below what each of these needs."
WORKERS = (
    "A model on this machine runs in a process of its own. It is started when somebody asks it "
    "something, and keeps its memory until it is stopped."
)


@dataclass(frozen=True, slots=True)
class Place:
    """One model as the list shows it: its card, whether it can be asked, and its worker."""

    known: Known
    readiness: Readiness
    worker: WorkerState | None = None


def list_places(models: Switchboard) -> list[Place]:
    """Return every model: what runs or can be asked first, what is recorded or broken last."""
    workers = {state.name: state for state in models.list_workers()}
    places = [
        Place(known, check_known(models, known), workers.get(known.name))
        for known in models.list_cards()
    ]
    return sorted(places, key=rank)


def rank(place: Place) -> tuple[bool, bool, bool]:
    """Return where in the list a model stands."""
    is_recorded = isinstance(place.known.card, RecordedCard)
    return not is_up(place.worker), not place.readiness.ready, is_recorded


def is_up(worker: WorkerState | None) -> bool:
    """Say whether a worker holds memory now."""
    return worker is not None and worker.state in ("loading", "ready", "stopping")


def check_known(models: Switchboard, known: Known) -> Readiness:
    """Return whether a model can be asked; a broken card can't."""
    if known.card is None:
        return Readiness(False, known.fault, "Correct the file, or remove it.")
    return models.check(known.card)


def can_run(place: Place) -> bool:
    """Say whether a model can be asked now, or has a worker to tell of."""
    has_worker = place.worker is not None and place.worker.state != "stopped"
    return place.readiness.ready or has_worker


def show_places(places: Sequence[Place], now: float, empty: str = "") -> str:
    """Return a list of models, each with what to do about it."""
    if not places:
        return finish(Markup('<div class="empty">{}</div>').format(empty))
    html = Markup("<ul class='checks models'>{}</ul>")
    return finish(html.format(join([show_place(place, now) for place in places])))


def show_place(place: Place, now: float) -> Markup:
    """Return one model."""
    card, known = place.known.card, place.known
    facts = [KINDS[card.kind]] if card else []
    title = card.label if card else known.name
    names = [known.name] if title != known.name else []
    words = [" · ".join([*names, *facts, known.origin]), place.readiness.why, place.readiness.todo]
    lines = join([Markup("<p>{}</p>").format(show_code(word)) for word in words if word])
    css, state = say_state(place, now)
    return Markup('<li><b>{}</b><span class="status {}">{}</span><div>{}</div></li>').format(
        title, css, state, lines
    )


def say_state(place: Place, now: float) -> tuple[str, str]:
    """Return how a model is: the mark in front of it, and its words."""
    if place.worker is not None and place.worker.state != "stopped":
        mark = {"ready": "open", "failed": "problem"}.get(place.worker.state, "paused")
        return mark, say_worker(place.worker, now)
    if place.known.card is None:
        return "problem", "Broken"
    if isinstance(place.known.card, RecordedCard):
        return "closed", "Recorded"
    return ("ok", "Ready") if place.readiness.ready else ("warning", "Not yet")


def say_worker(worker: WorkerState, now: float) -> str:
    """Return what a worker does, and since when."""
    took = now - worker.since
    words = {"loading": "Loading", "ready": "Running", "stopping": "Stopping", "failed": "Failed"}
    word = words.get(worker.state, "Stopped")
    # the list stands still while nothing changes: seconds would be wrong at once
    timed = worker.state in MOVING or (worker.state == "ready" and took >= 120)
    return f"{word}, {say_seconds(took)}" if timed else word


def say_seconds(seconds: float) -> str:
    """Return a short time as people say it."""
    whole = max(int(seconds), 0)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"


def show_worker(worker: WorkerState | None, now: float) -> str:
    """Return the state of one worker with what it printed last."""
    if worker is None or (worker.state == "stopped" and not worker.message):
        return ""
    said = Markup("<p>{}</p>").format(worker.message) if worker.message else ""
    log = read_log(worker)
    lines = Markup("<pre>{}</pre>").format(CONTROL.sub("�", log)) if log else ""
    state = Markup("<p><b>{}</b></p>").format(f"{worker.name}: {say_worker(worker, now).lower()}")
    html = Markup('<div class="worker" role="status">{}{}{}</div>')
    return finish(html.format(state, said, lines))


def read_log(worker: WorkerState) -> str:
    """Return the last lines of a worker's log."""
    try:
        with worker.log_path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - LOG_BYTES, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-LOG_LINES:])


def start_worker(models: Switchboard, name: str | None) -> list[str]:
    """Start to load a model; it goes on after this returns.

    Errors: InputError when none is chosen; Refused with what to do for one that can't run.
    """
    card = find_local(models, name)
    readiness = models.check(card)
    if not readiness.ready:
        raise Refused(f"{readiness.why} {readiness.todo}".strip())
    models.supervisor.start(card)
    return [f"{card.label} is being loaded. It can be asked as soon as it runs."]


def stop_worker(models: Switchboard, name: str | None) -> list[str]:
    """Stop a model's worker, whatever it does."""
    card = find_local(models, name)
    models.supervisor.stop(card.name)
    return [f"{card.label} is stopped, and its memory is free."]


def find_local(models: Switchboard, name: str | None) -> LocalCard:
    """Return the card of a model on this machine."""
    if not name:
        raise InputError("Choose a model first.")
    card = models.find_card(name)
    if not isinstance(card, LocalCard):
        raise InputError(f"{card.label} does not run on this machine.")
    return card


class Stable:
    """The tab of models: the list, the workers, and the cards."""

    def __init__(self, context: Context) -> None:
        """Lay out the tab."""
        self.context = context
        self.models = context.models
        make_markdown("## Can be asked")
        self.table = make_markdown()
        make_markdown(f"## Start and stop\n\n{WORKERS}", elem_classes="part")
        with gr.Row(elem_classes="line"):
            self.model = gr.Dropdown([], label="Model on this machine", scale=3)
            self.start = gr.Button("Start", elem_classes="act")
            self.stop = gr.Button("Stop", elem_classes="act")
        self.said = make_markdown()
        self.worker = make_markdown()
        self.form = CardForm(context)
        make_markdown("## Remove a card", elem_classes="part")
        with gr.Row(elem_classes="line"):
            self.gone = gr.Dropdown([], label="Card", info="Weights stay where they are.")
            self.remove = gr.Button("Remove", elem_classes="act")
        self.removed = make_markdown()
        make_markdown("## What the others need", elem_classes="part")
        self.rest = make_markdown()
        self.clock = gr.Timer(SECONDS, active=False)

    def look(self, request: gr.Request, chosen: str | None) -> tuple[Any, ...]:
        """Show all models, and what can be chosen."""
        check_admin(self.context, request)
        places = list_places(self.models)
        local = [
            (one.known.card.label, one.known.name)
            for one in places
            if isinstance(one.known.card, LocalCard) and (one.readiness.ready or is_up(one.worker))
        ]
        names = [name for _, name in local]
        model = chosen if chosen in names else next(iter(names), None)
        own = sorted(one.known.name for one in places if one.known.origin == "data folder")
        return (
            self.show_ready(places),
            show_places([one for one in places if not can_run(one)], self.now(), "Nothing."),
            gr.update(choices=local, value=model),
            gr.update(choices=own, value=None),
            *self.watch(model),
        )

    def show_ready(self, places: Sequence[Place]) -> str:
        """Return the list of models that can be asked."""
        return show_places([one for one in places if can_run(one)], self.now(), NOTHING)

    def now(self) -> float:
        """Return the time."""
        return self.context.store.clock()

    def watch(self, name: str | None) -> tuple[str, gr.Timer]:
        """Return the state of one worker; the clock runs as long as any changes."""
        states = self.models.list_workers()
        worker = next((one for one in states if one.name == name), None)
        moves = any(one.state in MOVING for one in states)
        return show_worker(worker, self.now()), gr.Timer(active=moves)

    def tick(self, request: gr.Request, chosen: str | None) -> tuple[Any, ...]:
        """Show the list and one worker again, while something changes."""
        check_admin(self.context, request)
        return self.show_ready(list_places(self.models)), *self.watch(chosen)

    def begin(self, request: gr.Request, name: str | None) -> str:
        """Start a worker."""
        check_admin(self.context, request)
        return answer(lambda: start_worker(self.models, name))

    def end(self, request: gr.Request, name: str | None) -> str:
        """Stop a worker."""
        check_admin(self.context, request)
        return answer(lambda: stop_worker(self.models, name))

    def drop(self, request: gr.Request, name: str | None) -> str:
        """Remove a card of the data folder."""
        check_admin(self.context, request)

        def deed() -> list[str]:
            if not name:
                raise InputError("Choose a card first.")
            remove_card(self.context.settings.data, name)
            return [f"The card {name} is removed."]

        return answer(deed)

    def wire(self, site: gr.Blocks, tab: gr.Tab, others: list[gr.Tab]) -> None:
        """Wire the buttons; the list is read again after each act, and while something loads."""
        here = [self.table, self.rest, self.model, self.gone, self.worker, self.clock]
        again: dict[str, Any] = {"fn": self.look, "inputs": self.model, "outputs": here, **QUICK}
        moving = [self.table, self.worker, self.clock]
        site.load(**again)
        tab.select(**again)
        self.clock.tick(self.tick, self.model, moving, **QUICK)
        self.model.input(self.tick, self.model, moving, **QUICK)
        self.start.click(self.begin, self.model, self.said, **QUICK).then(**again)
        self.stop.click(self.end, self.model, self.said, **QUICK).then(**again)
        self.remove.click(self.drop, self.gone, self.removed, **QUICK).then(**again)
        self.form.wire(tab).then(**again)
        for other in others:
            other.select(lambda: gr.Timer(active=False), None, self.clock, **QUICK)
