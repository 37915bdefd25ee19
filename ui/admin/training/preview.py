"""What will happen, before it does: the report as a table, and rows with the tokens that count."""

from collections.abc import Sequence
from statistics import median

from markupsafe import Markup

from backend.errors import InputError
from training.orders import Job, Order
from training.preview import PreviewRow
from training.report import Report, lines
from training.states import read_metrics
from ui.admin.runs import say_left
from ui.markup import show_text
from ui.pieces import finish, join

MAX_ROWS = 8  # that are looked at together
LEGEND = "What is underlined and coloured carries loss: the model learns to write it."
NO_ROWS = "No row to show."
MAX_CHARS = 6_000  # of one row on the page


def read_rows(text: str | None) -> tuple[int, ...]:
    """Return the rows that were asked for, as 1, 57.

    Errors: InputError for what is no row's number.
    """
    words = [word for word in (text or "").replace(",", " ").split() if word]
    if not all(word.isascii() and word.isdecimal() and 0 < len(word) < 10 for word in words):
        raise InputError(f"Rows is {text!r}; it has to be numbers from 1, as 1, 57.")
    rows = tuple(dict.fromkeys(int(word) for word in words))
    if 0 in rows or len(rows) > MAX_ROWS:
        raise InputError(f"Rows is {text!r}; name 1 to {MAX_ROWS} rows, counted from 1.")
    return rows


def show_report(report: Report) -> str:
    """Return the report as a table, what forbids the start first."""
    faults = [Markup("<p>{}</p>").format(fault) for fault in report.faults]
    bad = Markup('<div class="outcome problem" role="alert">{}</div>').format(join(faults))
    rows = join([Markup("<dt>{}</dt><dd>{}</dd>").format(*line) for line in lines(report)])
    table = Markup("<dl class='facts report'>{}</dl>").format(rows)
    notes = join([Markup("<p class='warn'>{}</p>").format(one) for one in report.warnings])
    return finish(join([bad if faults else Markup(""), table, notes]))


def show_preview(rows: Sequence[PreviewRow]) -> str:
    """Return rows, token by token as text, those that carry loss coloured and underlined."""
    if not rows:
        return finish(Markup("<p class='quiet'>{}</p>").format(NO_ROWS))
    legend = Markup("<p class='quiet'>{}</p>").format(LEGEND)
    return finish(legend + join([show_preview_row(row) for row in rows]))


def show_preview_row(row: PreviewRow) -> Markup:
    """Return one row with its head."""
    part = f", {row.part}" if row.part else ""
    cut = ", cut at the longest length" if row.truncated else ""
    head = f"Row {row.line:,}{part}: {row.n_tokens:,} tokens{cut}"
    note = Markup("<p class='warn'>{}</p>").format(row.note) if row.note else Markup("")
    body, left = Markup(""), MAX_CHARS
    for text, carries in row.segments:
        shown = text[: max(left, 0)]
        left -= len(text)
        body += show_segment(shown, carries) if shown else Markup("")
    more = Markup("<span class='quiet'> … {:,} more characters</span>").format(-left)
    return Markup(
        '<div class="row"><h3>{}</h3>{}<div class="tokens" dir="auto">{}{}</div></div>'
    ).format(head, note, body, more if left < 0 else Markup(""))


def show_segment(text: str, carries: bool) -> Markup:
    """Return a stretch of a row; line ends stay, as they are tokens too."""
    safe = Markup(show_text(text))  # noqa: S704 - escaped by show_text
    return Markup('<span class="loss">{}</span>').format(safe) if carries else safe


def say_start(report: Report, seconds: float | None, devices: Sequence[int]) -> str:
    """Return the words on the button that starts."""
    steps = f"{report.n_steps:,} {'step' if report.n_steps == 1 else 'steps'}"
    n = len(devices)
    where = f"{n} {'GPU' if n == 1 else 'GPUs'}" if n else "CPU"
    facts = [steps, say_left(seconds) if seconds is not None else "", where]
    return f"Start training: {', '.join(fact for fact in facts if fact)}"


def guess_seconds(jobs: Sequence[Job], order: Order, report: Report) -> float | None:
    """Return about how long a job will take, by the last one of its recipe; None where none ran.

    Edge: the settings may differ; what is compared is tokens a second.
    """
    a_step = report.effective_batch * report.n_tokens / max(report.n_sequences, 1)
    for job in jobs:
        if job.order.recipe == order.recipe and job.state.end == "done":
            told = [line.get("tokens_per_s") or 0 for line in read_metrics(job)]
            rates = [float(rate) for rate in told if rate > 0]
            if rates:
                return report.n_steps * a_step / median(rates)
    return None
