"""Pairs in HTML: a list of them with how the votes fell, and one with everything said on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from annotations.browse import Case, Entry, Voice, Votes
from backend.records import CRITERIA, Choice, Comparison, Winner
from ui.ink import SERIES
from ui.lab.where import Where
from ui.markup import show_answer, show_text
from ui.pieces import Cell, finish, join, show_table

EXCERPT = 220  # characters of an instruction in a list
MOST_PIPS = 9  # more votes than these are told as numbers
MARKS = ("A", "=", "B")
SKIPPED = {
    "expertise": "needs knowledge they don't have",
    "broken": "an answer is broken or empty",
    "language": "a language they don't read",
    "upsetting": "upsetting",
    "other": "another reason",
}
CLICKED: dict[Choice, str] = {"left": "left", "right": "right", "tie": "same"}
HOW_TO_READ = (
    "A letter is the system that a vote went to, with the side that was clicked behind it. "
    "Annotators know the answers as Response 1, on the left, and Response 2: their comments too."
)
EMPTY_ANSWER = "This answer is empty."


@dataclass(frozen=True)
class Shelf:
    """One page of a list: its entries, how many there are, and the study's systems.

    `n` counts all pairs found; with `more` there are others that were not counted.
    """

    where: Where
    entries: Sequence[Entry]
    systems: Sequence[str]
    n: int
    more: bool
    n_pages: int


@dataclass(frozen=True)
class Neighbours:
    """What stands before and after a pair in its list, and how far down it is, counted from 1."""

    before: Where | None
    after: Where | None
    place: int
    n: int
    more: bool


def show_go(label: str, where: Where | None, css: str = "") -> Markup:
    """Return a link inside the tab; without a place it is words that lead nowhere."""
    if where is None:
        return Markup('<span class="{} off">{}</span>').format(css, label)
    return Markup('<a class="go {}" href="{}">{}</a>').format(css, where.address, label)


def count_found(n: int, more: bool) -> str:
    """Return how many pairs a search found."""
    return f"{n:,} or more pairs" if more else f"{n:,} pair{'' if n == 1 else 's'}"


def show_shelf(shelf: Shelf) -> str:
    """Return a page of a list."""
    if not shelf.entries:
        words = "No pair fits. Widen the search, or wait for more votes."
        return finish(Markup('<div class="empty">{}</div>').format(words))
    several = len({entry.place for entry in shelf.entries}) > 1
    rows = [show_entry(shelf, entry, several) for entry in shelf.entries]
    head = Markup('<div class="listed"><p>{}</p>{}</div>').format(
        count_found(shelf.n, shelf.more), show_key(shelf.entries[0].comparison, shelf, several)
    )
    return finish(
        Markup('{}<ol class="pairs">{}</ol>{}').format(head, join(rows), show_pages(shelf))
    )


def show_key(comparison: Comparison, shelf: Shelf, several: bool) -> Markup:
    """Return what the marks stand for."""
    names = ("the first system", "the second") if several else (comparison.a, comparison.b)
    places = (None, None) if several else tuple(shelf.systems.index(name) for name in names)
    parts = [
        Markup("{} {}").format(show_pip(mark, place), name)
        for mark, place, name in zip("AB", places, names, strict=True)
    ]
    return Markup('<p class="key">A vote for {}, {}, or {} neither</p>').format(
        parts[0], parts[1], show_pip("=", None)
    )


def show_pip(mark: str, place: int | None) -> Markup:
    """Return one vote as a mark; its colour is that of the system it went to."""
    colour = "" if place is None else f"c{place % len(SERIES)}"
    return Markup('<span class="pip {}">{}</span>').format(colour, mark)


def show_entry(shelf: Shelf, entry: Entry, several: bool) -> Markup:
    """Return one pair of a list."""
    where = shelf.where.open(entry.item_id, entry.place, shelf.where.page)
    text = " ".join(entry.instruction.split())
    text = text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()}…"
    about = [entry.app] if entry.app else []
    if several:
        about.append(f"{entry.comparison.a} and {entry.comparison.b}")
    return Markup(
        '<li><div class="what"><p>{} <span class="quiet">{}</span></p><p dir="auto">{}</p></div>'
        '<dl class="fell">{}</dl></li>'
    ).format(
        show_go(entry.item_id, where),
        " · ".join(about),
        text,
        join([show_fell(name, entry, shelf.systems) for name in CRITERIA]),
    )


def show_fell(criterion: str, entry: Entry, systems: Sequence[str]) -> Markup:
    """Return how the votes on one criterion fell: a mark a vote, or numbers when they are many."""
    votes = entry.votes.get(criterion)
    cell = Markup('<dt>{}</dt><dd title="{}">{}</dd>')
    if votes is None:
        return cell.format(criterion.capitalize(), "No votes yet", Markup('<i class="quiet">–</i>'))
    sides = (entry.comparison.a, None, entry.comparison.b)
    places = [None if name is None else systems.index(name) for name in sides]
    marks = join([
        repeat_pip(mark, place, n) for mark, place, n in zip(MARKS, places, votes, strict=True)
    ])  # fmt: skip
    return cell.format(criterion.capitalize(), say_votes(votes, entry.comparison), marks)


def repeat_pip(mark: str, place: int | None, n: int) -> Markup:
    """Return a number of votes for one side."""
    if n <= MOST_PIPS // 2:
        return show_pip(mark, place) * n
    return Markup("{}<b>{:,}</b> ").format(show_pip(mark, place), n)


def say_votes(votes: Votes, comparison: Comparison) -> str:
    """Return how votes fell, in words."""
    return f"{votes[0]:,} for {comparison.a}, {votes[2]:,} for {comparison.b}, {votes[1]:,} neither"


def show_pages(shelf: Shelf) -> Markup:
    """Return the way to the pages before and after."""
    where, last = shelf.where, shelf.n_pages
    if last < 2 and where.page == 1:
        return Markup("")
    before = where.turn(where.page - 1) if where.page > 1 else None
    after = where.turn(where.page + 1) if where.page < last else None
    html = Markup('<nav class="turn" aria-label="Pages">{}<span>Page {:,} of {:,}{}</span>{}</nav>')
    return html.format(
        show_go("Previous", before, "button"),
        where.page,
        last,
        " or more" if shelf.more else "",
        show_go("Next", after, "button"),
    )


def show_case(case: Case, where: Where, near: Neighbours, systems: Sequence[str]) -> str:
    """Return one pair: the task, both answers with their makers, and every vote."""
    pips = make_pips(case.comparison, systems)
    parts = [
        show_steps(where, near),
        show_title(case, len(systems) > 2),
        show_task(case),
        show_answers(case, pips),
        show_voices(case, pips),
    ]
    return finish(join(parts))


def show_steps(where: Where, near: Neighbours) -> Markup:
    """Return the way back to the list, and to the pairs before and after."""
    total = f"{near.n:,} or more" if near.more else f"{near.n:,}"
    place = f"{near.place:,} of {total}" if near.place else "not in this list"
    return Markup('<nav class="turn" aria-label="Pairs">{}<span>{}</span>{}{}</nav>').format(
        show_go("Back to the list", where.turn(where.page), "button"),
        place,
        show_go("Previous", near.before, "button"),
        show_go("Next", near.after, "button"),
    )


def show_title(case: Case, several: bool) -> Markup:
    """Return which pair this is."""
    about = [case.item.app] if case.item.app else []
    if several:
        about.append(f"{case.comparison.a} and {case.comparison.b}")
    html = Markup('<h2>{}</h2><p class="quiet">{}</p>')
    return html.format(case.item.item_id, " · ".join(about))


def show_task(case: Case) -> Markup:
    """Return the instruction, its input, and the reference where there is one."""
    item = case.item
    parts = [show_part("Instruction", item.instruction)]
    if item.input.strip():
        parts.append(show_part("Input", item.input, "input"))
    if item.reference.strip():
        html = Markup("<details><summary>Reference answer</summary>{}</details>")
        parts.append(html.format(show_part("", item.reference, "input")))
    return Markup('<div class="asked">{}</div>').format(join(parts))


def show_part(title: str, text: str, css: str = "") -> Markup:
    """Return a text as it was written, under its title."""
    head = Markup("<h3>{}</h3>").format(title) if title else ""
    body = Markup(show_text(text.strip("\n")))  # noqa: S704 - escaped by show_text
    return Markup('{}<div class="text {}" dir="auto">{}</div>').format(head, css, body)


def make_pips(comparison: Comparison, systems: Sequence[str]) -> dict[Winner, Markup]:
    """Return the mark of each winner."""
    return {
        "a": show_pip("A", systems.index(comparison.a)),
        "b": show_pip("B", systems.index(comparison.b)),
        "tie": show_pip("=", None),
    }


def show_answers(case: Case, pips: Mapping[Winner, Markup]) -> Markup:
    """Return both answers, each under the name of its system."""
    sides = [
        Markup('<section class="side"><h3>{} {}</h3><div class="body">{}</div></section>').format(
            pip,
            name,
            Markup(show_answer(text, EMPTY_ANSWER)),  # noqa: S704 - escaped by show_answer
        )
        for pip, name, text in (
            (pips["a"], case.comparison.a, case.text_a),
            (pips["b"], case.comparison.b, case.text_b),
        )
    ]
    return Markup('<div class="sides">{}</div>').format(join(sides))


def show_voices(case: Case, pips: Mapping[Winner, Markup]) -> Markup:
    """Return every vote with what is known of it, and who set the pair aside."""
    n = sum(not voice.surplus and not voice.outside for voice in case.voices)
    said = Markup("<p>No votes on this pair yet.</p>")
    if case.voices:
        rows = [list_voice(voice, pips) for voice in case.voices]
        heads = (
            "Annotator", "Response 1 was", *map(str.capitalize, CRITERIA), "Seconds", "Revision",
            "Counts", "Comment",
        )  # fmt: skip
        caption = f"Votes: {n:,} of {case.target_k:,} wanted here"
        said = Markup('{}<p class="note">{}</p>').format(
            show_table(caption, heads, rows, "voices"), HOW_TO_READ
        )
    asides = [
        Markup("<li>{} set it aside: {}.</li>").format(code, SKIPPED.get(reason, reason))
        for code, reason in case.skipped
    ]
    return Markup("{}<ul>{}</ul>").format(said, join(asides)) if asides else said


def list_voice(voice: Voice, pips: Mapping[Winner, Markup]) -> list[Cell]:
    """Return the row of one person's votes."""
    comment = Markup('<span class="said" dir="auto">{}</span>').format(
        Markup(show_text(voice.comment))  # noqa: S704 - escaped by show_text
    )
    return [
        show_who(voice),
        pips[voice.left_is] if voice.left_is else "not known",
        *(show_vote(voice, name, pips) for name in CRITERIA),
        "" if voice.seconds is None else f"{voice.seconds:,.0f}",
        "" if voice.outside else str(voice.revision),
        "no, surplus" if voice.surplus else "yes, from elsewhere" if voice.outside else "yes",
        comment,
    ]


def show_who(voice: Voice) -> Markup:
    """Return an annotator's code, with the moment of the vote behind it."""
    if voice.saved_at is None:
        return Markup("<b>{}</b>").format(voice.annotator)
    moment = datetime.fromtimestamp(voice.saved_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<b title="Saved {}">{}</b>').format(moment, voice.annotator)


def show_vote(voice: Voice, criterion: str, pips: Mapping[Winner, Markup]) -> Markup:
    """Return whom a vote went to, and which side was clicked."""
    winner = voice.winners.get(criterion)
    if winner is None:
        return Markup('<span class="quiet">–</span>')
    side = CLICKED[voice.choices[criterion]] if criterion in voice.choices else ""
    return Markup('{} <span class="quiet">{}</span>').format(pips[winner], side)
