"""Where judge and people part, in HTML: a list of such pairs, and one with all that was said."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from annotations.browse import Case, Search
from annotations.judging.browse import Filter, Opened
from annotations.judging.disagreements import Disagreement
from annotations.judging.preferences import Matchup
from annotations.judging.records import Scores
from backend.records import Comparison, Winner
from ui.lab.judge.case import show_raw
from ui.lab.judge.where import Where
from ui.lab.judge.words import NO_SCORE, name_winner, say_judge, say_outcome, say_scores
from ui.lab.pairs import make_pips, show_answers, show_task, show_voices
from ui.lab.tables import show_number
from ui.lab.where import Where as ItemWhere
from ui.pieces import Cell, join, show_link, show_table

NOWHERE = "Judge and people part nowhere here."
HEADS = ("Item", "Systems", "Judge", "Orders", "People", "Votes", "Scores apart")
HOW_LISTED = (
    "Those in which both took a side come first, then by the margin of the votes. The votes are "
    "those for the first system, for neither, and for the second; scores apart are the judge's "
    "mean score of the first less that of the second."
)


@dataclass(frozen=True)
class Shelf:
    """One page of disagreements, each with its address; `n` counts those of all pages."""

    rows: Sequence[tuple[Disagreement, str]]
    n: int
    page: int
    n_pages: int
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Parted:
    """One pair in full: what people saw and said, and every judgment of it."""

    case: Case
    study: str
    systems: Sequence[str]
    words: str
    judgments: Sequence[Opened]
    scores: Scores
    back: str


def show_go(label: str, address: str, css: str = "") -> Markup:
    """Return a link inside the part; without an address it is words that lead nowhere."""
    if not address:
        return Markup('<span class="{} off">{}</span>').format(css, label)
    return Markup('<a class="go {}" href="{}">{}</a>').format(css, address, label)


def name_side(winner: Winner | None, comparison: Comparison) -> str:
    """Return whom a side stands for; a dash where nobody was asked, or nothing can be read."""
    names = {"a": comparison.a, "b": comparison.b, "tie": "tie"}
    return names[winner] if winner else NO_SCORE


def describe_pair(one: Disagreement, name: str, criterion: str) -> str:
    """Return what the judge and people prefer on one pair."""
    comparison = one.meeting.pair.comparison
    n_a, n_b, n_tie = one.votes
    judged = "ties" if one.judged == "tie" else f"prefers {name_side(one.judged, comparison)}"
    return (
        f"{name} {judged} ({say_orders(one.meeting.matchup)}). Votes ({criterion}): {n_a:,} for "
        f"{comparison.a}, {n_tie:,} for neither, {n_b:,} for {comparison.b}."
    )


def show_disagreements(shelf: Shelf) -> Markup:
    """Return a page of the list."""
    if not shelf.n:
        return Markup('<h3>Disagreements</h3><p class="quiet">{}</p>').format(NOWHERE)
    rows = [list_row(one, address) for one, address in shelf.rows]
    caption = f"Disagreements: {shelf.n:,}"
    table = show_table(caption, HEADS, rows, "parted")
    html = Markup('{}<p class="note">{}</p>{}')
    return html.format(table, HOW_LISTED, show_pages(shelf))


def list_row(one: Disagreement, address: str) -> list[Cell]:
    """Return one disagreement's row."""
    pair, matchup = one.meeting.pair, one.meeting.matchup
    n_a, n_b, n_tie = one.votes
    return [
        show_go(pair.item_id, address),
        f"{pair.comparison.a} and {pair.comparison.b}",
        Markup("<b>{}</b>").format(name_side(one.judged, pair.comparison)),
        say_orders(matchup),
        Markup("<b>{}</b>").format(name_side(one.people, pair.comparison)),
        f"{n_a:,} : {n_tie:,} : {n_b:,}",
        NO_SCORE if one.lead is None else show_number(one.lead, 2),
    ]


def say_orders(matchup: Matchup) -> str:
    """Return how the two orders of a pair go together."""
    if not matchup.asked:
        return "identical answers"
    if not matchup.both_orders:
        return "one order only"
    if matchup.first == matchup.second:
        return "the same in both"
    return "opposite winners" if matchup.contradicts else "a tie in one"


def show_pages(shelf: Shelf) -> Markup:
    """Return the way to the pages before and after."""
    if shelf.n_pages < 2:
        return Markup("")
    html = Markup('<nav class="turn" aria-label="Pages">{}<span>Page {:,} of {:,}</span>{}</nav>')
    return html.format(
        show_go("Previous", shelf.before, "button"), shelf.page, shelf.n_pages,
        show_go("Next", shelf.after, "button"),
    )  # fmt: skip


def show_parted(parted: Parted) -> Markup:
    """Return one pair: the question, both answers, every vote, and the judge's reasons."""
    case = parted.case
    pips = make_pips(case.comparison, parted.systems)
    back = Markup('<nav class="turn" aria-label="Pair">{}</nav>')
    about = [case.item.app, f"{case.comparison.a} and {case.comparison.b}", parted.study]
    parts = [
        back.format(show_go("Back to agreement", parted.back, "button")),
        Markup('<h2>{}</h2><p class="quiet">{}</p>').format(
            case.item.item_id, " · ".join(word for word in about if word)
        ),
        Markup("<p>{}</p>").format(parted.words),
        show_task(case),
        show_answers(case, pips),
        Markup("<h3>What people said</h3>"),
        show_voices(case, pips),
        show_ways(parted),
        show_reasons(parted),
    ]
    return join(parts)


def show_ways(parted: Parted) -> Markup:
    """Return the link to the same pair among the items."""
    where = ItemWhere(parted.study, Search(place=parted.case.place)).open(
        parted.case.item.item_id, parted.case.place, 1
    )
    return Markup('<p class="ways">{}</p>').format(
        show_link("This pair among the items", where.address)
    )


def show_reasons(parted: Parted) -> Markup:
    """Return every judgment of these answers with the judge's own words."""
    said = [show_reason(one, parted.scores) for one in parted.judgments]
    body = join(said) if said else Markup('<p class="quiet">No judgment of these answers.</p>')
    return Markup("<h3>What the judge said</h3>{}").format(body)


def show_reason(opened: Opened, scores: Scores) -> Markup:
    """Return one judgment: its order, scores and reply."""
    one = opened.judgment
    filter = Filter(judge=one.judge, benchmark=one.benchmark, item=one.item_id)
    link = Markup('<a href="{}">Open</a>').format(Where(filter).open(one.judgment_id).address)
    order = f"Assistant 1: {one.system_1}, Assistant 2: {one.system_2}"
    repeat = f", repeat {one.repeat + 1}" if one.repeat else ""
    winner = name_winner(one, one.winner(scores))
    words = [
        order,
        f"scores {say_scores(one.score(scores))}" if one.score(scores) else "",
        f"prefers {winner}" if winner not in ("", "Tie") else winner.lower(),
        "" if one.outcome == "ok" else say_outcome(one, scores).lower(),
    ]
    html = Markup('<div class="judged"><h3>{}{}</h3><p class="quiet">{}. {}</p>{}</div>')
    said = "; ".join(word for word in words if word)
    return html.format(say_judge(one), repeat, said, link, show_raw(opened.reply))
