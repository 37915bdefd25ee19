"""A list of judgments in HTML: who was compared on which question, and what the judge gave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from annotations.judging.records import Judgment, Scores
from ui.lab.judge.where import Where
from ui.lab.judge.words import NO_SCORE, say_judge, say_outcome, say_score
from ui.pieces import finish, join

EXCERPT = 200  # characters of a question in a list
NOTHING = "No judgment fits. Widen the search."
STATES = {"ok": "ok", "api_error": "problem"}  # marks in front of an outcome; others warn


@dataclass(frozen=True)
class Shelf:
    """One page of a list: its judgments with their questions, and how many there are in all."""

    where: Where
    judgments: Sequence[Judgment]
    questions: Mapping[int, str]
    n: int
    n_pages: int
    scores: Scores


def show_go(label: str, where: Where | None, css: str = "") -> Markup:
    """Return a link inside the browser; without a place it is words that lead nowhere."""
    if where is None:
        return Markup('<span class="{} off">{}</span>').format(css, label)
    return Markup('<a class="go {}" href="{}">{}</a>').format(css, where.address, label)


def show_shelf(shelf: Shelf, downloads: str = "") -> str:
    """Return a page of a list, with the ways to take away what it finds."""
    if not shelf.judgments:
        return finish(Markup('<div class="empty">{}</div>').format(NOTHING))
    entries = join([show_entry(one, shelf) for one in shelf.judgments])
    noun = "judgment" if shelf.n == 1 else "judgments"
    html = Markup(
        '<div class="listed"><p>{:,} {}</p><div class="takes">{}</div></div>'
        '<ol class="pairs judgments">{}</ol>{}'
    )
    return finish(html.format(shelf.n, noun, downloads, entries, show_pages(shelf)))


def show_entry(judgment: Judgment, shelf: Shelf) -> Markup:
    """Return one judgment of a list."""
    text = " ".join(shelf.questions.get(judgment.judgment_id, "").split())
    text = text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()}…"
    about = [judgment.category, say_judge(judgment)]
    if judgment.repeat:
        about.append(f"repeat {judgment.repeat + 1}")
    return Markup(
        '<li><div class="what"><p>{} <span class="quiet">{}</span></p><p dir="auto">{}</p>{}</div>'
        "{}</li>"
    ).format(
        show_go(f"Question {judgment.item_id}", shelf.where.open(judgment.judgment_id)),
        " · ".join(word for word in about if word),
        text,
        show_notes(judgment, shelf.scores),
        show_given(judgment, shelf.scores),
    )


def show_notes(judgment: Judgment, scores: Scores) -> Markup:
    """Return what is odd about a judgment: how it failed, and scores that are not the file's."""
    notes = []
    if judgment.outcome != "ok" or judgment.by_hand or judgment.hand_unreadable:
        notes.append(show_outcome(judgment, scores))
    if judgment.differs:
        notes.append(Markup('<span class="status warning">The file stores other scores</span>'))
    return Markup('<p class="notes">{}</p>').format(join(notes)) if notes else Markup("")


def show_outcome(judgment: Judgment, scores: Scores) -> Markup:
    """Return how asking ended, with a mark of its own."""
    state = "ok" if judgment.by_hand else STATES.get(judgment.outcome, "warning")
    html = Markup('<span class="status {}">{}</span>')
    return html.format(state, say_outcome(judgment, scores))


def show_given(judgment: Judgment, scores: Scores) -> Markup:
    """Return who was judged, in the order the judge saw them, with their scores."""
    counted, winner = judgment.score(scores), judgment.winner(scores)
    first, second = counted or (None, None)
    sides = [("1", judgment.system_1, first)]
    if judgment.system_2 is not None:
        sides.append(("2", judgment.system_2, second))
    rows = [
        Markup('<dt class="{}">{}</dt><dd class="{}">{}</dd>').format(
            css, name, css, say_side(score, slot, winner)
        )
        for slot, name, score in sides
        for css in ["best" if winner == slot else ""]
    ]
    return Markup('<dl class="given">{}</dl>').format(join(rows))


def say_side(score: float | None, slot: str, winner: str | None) -> str:
    """Return one side's score, or how it did where only a winner is known."""
    if score is not None or winner is None:
        return say_score(score)
    return "tie" if winner == "tie" else "won" if winner == slot else NO_SCORE


def show_pages(shelf: Shelf) -> Markup:
    """Return the way to the pages before and after."""
    where, last = shelf.where, shelf.n_pages
    if last < 2:
        return Markup("")
    before = where.turn(where.page - 1) if where.page > 1 else None
    after = where.turn(where.page + 1) if where.page < last else None
    html = Markup('<nav class="turn" aria-label="Pages">{}<span>Page {:,} of {:,}</span>{}</nav>')
    return html.format(
        show_go("Previous", before, "button"), where.page, last, show_go("Next", after, "button")
    )
