"""The agreement of one judge and people as a page: which view of it, all numbers, or one pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from annotations.browse import read_case
from annotations.judging.agreement import (
    Agreement,
    compare_judges,
    find_agreement,
    find_agreements,
    find_matchup,
    find_matchups,
    list_meetings,
)
from annotations.judging.biases import find_flips, find_length_bias, find_slot_bias
from annotations.judging.browse import open_judgment
from annotations.judging.canaries import find_canaries
from annotations.judging.disagreements import Kind, list_disagreements, make_disagreement
from annotations.judging.preferences import Evidence, Pair, Rater
from annotations.judging.records import Scores
from annotations.store import Store
from annotations.studies import find_study
from backend.errors import NotFound
from backend.records import CRITERIA
from ui.lab.judge.measures import (
    describe_agreement,
    name_rater,
    show_biases,
    show_canaries,
    show_comparisons,
    show_confusion,
    show_criteria,
    show_pairings,
)
from ui.lab.judge.parting import Parted, Shelf, describe_pair, show_disagreements
from ui.lab.judge.words import SCORES
from ui.lab.where import read_count
from ui.pieces import Cell, join, link_to, show_link

PAGE = 25  # disagreements
ALL = ""
NOBODY = Rater("")


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at; `pair` is 0 in the overview, else the number of the pair that is open."""

    benchmark: str = ""
    rater: Rater = NOBODY
    study: str = ALL
    criterion: str = CRITERIA[0]
    scores: Scores | None = None
    opposite: bool = False
    page: int = 1
    pair: int = 0

    @property
    def address(self) -> str:
        """Return the address that leads here; what is as usual is not in it."""
        found: dict[str, Cell] = {
            "benchmark": self.benchmark,
            "judge": self.rater.judge,
            "protocol": self.rater.protocol,
            "study": self.study,
            "criterion": "" if self.criterion == CRITERIA[0] else self.criterion,
            "scores": self.scores or "",
            "opposite": int(self.opposite),
            "p": self.page if self.page > 1 else 0,
            "pair": self.pair,
        }
        known = {name: value for name, value in found.items() if value}
        return link_to("/lab/", tab="judge", view="agreement", **known)

    def turn(self, page: int) -> str:
        """Return the address of another page of the same list."""
        return replace(self, page=page, pair=0).address

    def open(self, pair: int) -> str:
        """Return the address of a pair of the same list."""
        return replace(self, pair=pair).address


def read_view(query: Mapping[str, str]) -> View:
    """Return what an address asks for; what makes no sense in it counts as not there."""
    scores, criterion = query.get("scores", ""), query.get("criterion", "")
    number = query.get("pair", "")
    return View(
        query.get("benchmark", ""),
        Rater(query.get("judge", ""), query.get("protocol", "")),
        query.get("study", ALL),
        criterion if criterion in CRITERIA else CRITERIA[0],
        scores if scores in SCORES else None,
        query.get("opposite") == "1",
        max(1, read_count(query.get("p", ""))),
        int(number) if number.isascii() and number.isdecimal() and len(number) < 11 else 0,
    )


def choose_rater(evidence: Evidence, asked: Rater) -> Rater:
    """Return who was asked for, else a judge of that name, else the one with most pairs."""
    raters = evidence.raters
    named = [one for one in raters if one.judge == asked.judge]
    return asked if asked in raters else (named or raters)[0]


def show_overview(evidence: Evidence, view: View) -> Markup:
    """Return all numbers of one judge, and the pairs on which people and it part."""
    rater, criterion, raters = view.rater, view.criterion, evidence.raters
    name = name_rater(rater, raters)
    whole = find_agreement(evidence, rater, criterion)
    head = Markup("<h2>{} and people: {}</h2>").format(name, criterion)
    parts = [
        Markup('<div class="heading">{}{}</div>').format(head, describe_agreement(whole, name)),
        show_with_people(evidence, view, whole) if whole.n_pairs else "",
        show_biases(
            find_flips(evidence, rater), find_slot_bias(evidence, rater),
            find_length_bias(evidence, rater, criterion), criterion,
        ),
        show_pairings(compare_judges(evidence), raters),
        show_canaries(find_canaries(evidence), raters),
        show_downloads(evidence),
        show_disagreements(read_shelf(evidence, view)) if whole.n_pairs else "",
    ]  # fmt: skip
    return join(parts)


def show_with_people(evidence: Evidence, view: View, whole: Agreement) -> Markup:
    """Return the tables of agreement: each criterion, verdicts by votes, each comparison."""
    every = [
        whole if one == view.criterion else find_agreement(evidence, view.rater, one)
        for one in CRITERIA
    ]
    apart = find_agreements(evidence, view.rater, view.criterion)
    only = apart[0].comparison if len(apart) == 1 else None
    sides = (only.a, only.b) if only else ("the first", "the second")
    tables = [show_criteria(every), show_confusion(whole, sides)]
    return join([*tables, show_comparisons(apart) if len(apart) > 1 else ""])


def show_downloads(evidence: Evidence) -> Markup:
    """Return the files with all numbers, one for each study with votes."""
    links = [
        show_link(f"All numbers, {study}: CSV", "/lab/export/agreement", study=study, format="csv")
        for study in dict.fromkeys(pair.study for pair in evidence.pairs)
    ]
    return Markup('<p class="ways">{}</p>').format(join(links)) if links else Markup("")


def read_shelf(evidence: Evidence, view: View) -> Shelf:
    """Return one page of the disagreements. Edge: a page past the end is the last one."""
    kinds: Sequence[Kind] = ("opposite",) if view.opposite else ("opposite", "half")
    found = list_disagreements(evidence, view.rater, view.criterion, kinds)
    n_pages = max(1, -(-len(found) // PAGE))
    page = min(view.page, n_pages)
    rows = [
        (one, view.open(one.meeting.pair.pair_id)) for one in found[(page - 1) * PAGE : page * PAGE]
    ]
    before = view.turn(page - 1) if page > 1 else ""
    after = view.turn(page + 1) if page < n_pages else ""
    return Shelf(rows, len(found), page, n_pages, before, after)


def open_parted(store: Store, evidence: Evidence, view: View) -> Parted:
    """Return the pair that is open, with every judgment of its answers by the judge chosen.

    Errors: NotFound when no pair with votes has that number here.
    """
    pair = find_pair(evidence, view.pair)
    found = find_matchups(evidence, view.rater)
    matchup = find_matchup(found, pair)
    return Parted(
        read_case(store, pair.pair_id),
        pair.study,
        find_study(store, pair.study).systems,
        describe_open(evidence, view, pair),
        [open_judgment(store, one.judgment_id) for one in (matchup.judgments if matchup else ())],
        evidence.scores,
        view.open(0),
    )


def describe_open(evidence: Evidence, view: View, pair: Pair) -> str:
    """Return what judge and people say of one pair, in a sentence."""
    name = name_rater(view.rater, evidence.raters)
    met = list(list_meetings([pair], find_matchups(evidence, view.rater)))
    if not met:
        return f"{name} has no verdict on these answers that can be read."
    if view.criterion not in pair.votes:
        return f"Nobody has said yet which answer is more {view.criterion}."
    return describe_pair(make_disagreement(met[0], view.criterion), name, view.criterion)


def find_pair(evidence: Evidence, number: int) -> Pair:
    """Return the pair of a number.

    Errors: NotFound when no pair with votes has it.
    """
    for pair in evidence.pairs:
        if pair.pair_id == number:
            return pair
    raise NotFound(f"There is no pair number {number} with votes in {evidence.benchmark}.")
