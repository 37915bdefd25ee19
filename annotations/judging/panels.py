"""The panels of figures 4 and 5: which bars stand together, in which order, beside what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from annotations.judging.bars import Bar, make_bars
from annotations.judging.records import Judgment, Scores, list_judgments
from annotations.published import normalise
from annotations.published_bars import (
    BLOG_REFERENCE,
    JUDGE,
    NAMES,
    OWN,
    VICUNA,
    PublishedPanel,
    find_panel,
    match_name,
    read_panels,
)
from annotations.published_bars import Kind as PublishedKind
from annotations.ranking import Ranked, list_ranked
from annotations.store import Store
from annotations.translation import list_translated
from backend.errors import NotFound
from backend.judge.canaries import PREFIX

Figure = Literal[4, 5]
Kind = PublishedKind | Literal["category"]
KINDS: tuple[Kind, ...] = (
    "ranks", "all", "blog", "translated", "generated", "chinese", "category",
)  # fmt: skip
TITLES: dict[Kind, str] = {
    "ranks": "Ranking groups of {about} against {reference}",
    "all": "Against {reference}",
    "blog": "Against {reference}",
    "translated": "Translated answers against {reference}",
    "generated": "Translated answers against {reference}, which answered in Chinese",
    "chinese": "Answers to Chinese questions against {reference}",
    "category": "{about} against {reference}, by category",
}
N_PUBLISHED_RANKS = 5
FIGURES: tuple[Figure, ...] = (4, 5)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be drawn: a figure, which scores count, and what to leave out.

    `against` turns judgments so that these systems are the references; without, each stands
    against its own. Without a `judge` or `benchmark` all are drawn, each apart. `published` asks
    for the paper's own numbers, whatever judgments there are.
    """

    figure: Figure
    scores: Scores = "read"
    against: tuple[str, ...] = ()
    judge: str | None = None
    benchmark: str | None = None
    by_category: bool = False
    published: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a panel: ours, published, or both. `name` is the published name, if it has one."""

    label: str
    bar: Bar | None
    published: Bar | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars against one reference by one judge, top to bottom; `letter` as the paper prints it."""

    figure: Figure
    kind: Kind
    letter: str
    title: str
    reference: str
    judge: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    published_source: str = ""

    @property
    def bars(self) -> list[Bar]:
        """Return our bars."""
        return [line.bar for line in self.lines if line.bar]

    @property
    def published(self) -> list[Bar]:
        """Return the published bars."""
        return [line.published for line in self.lines if line.published]


@dataclass(frozen=True, slots=True)
class Material:
    """What figures are made from: judgments, and what is known of their systems by benchmark."""

    judgments: Sequence[Judgment]
    ranked: Mapping[str, Sequence[Ranked]]
    translated: Mapping[str, frozenset[str]]

    def find_kind(self, ask: Ask, bar: Bar) -> Kind:
        """Return the kind of panel that a bar belongs to."""
        if ask.by_category:
            return "category"
        if ask.figure == 5:
            translated = self.translated[bar.benchmark]
            if bar.system not in translated:
                return "chinese"
            return "translated" if bar.reference in translated else "generated"
        return "blog" if BLOG_REFERENCE.fullmatch(normalise(bar.reference)) else "all"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bar stands: a kind of panel, whose panel it is where that matters, and who judged."""

    kind: Kind
    about: str
    judged: tuple[object, ...]


def make_panels(store: Store, ask: Ask) -> list[Panel]:
    """Return the panels of a figure from the judgments there are, in the order of the paper.

    Edge: no judgments give an empty list.
    """
    if ask.published:
        return make_published_panels(ask.figure)
    return arrange_panels(read_material(store, ask), ask)


def make_published_panels(figure: Figure) -> list[Panel]:
    """Return the panels of a figure as they were published."""
    return [pose_panel(one) for one in read_panels() if one.figure == figure]


def list_references(store: Store, figure: Figure) -> list[str]:
    """Return the systems that stand in judgments of a figure, recorded references first."""
    judgments = read_drawn(store, figure)
    recorded = [one.reference for one in judgments]
    others = [name for one in judgments for name in (one.system_1, one.system_2)]
    return [name for name in dict.fromkeys([*recorded, *others]) if name]


def list_judges(store: Store, figure: Figure) -> list[str]:
    """Return the judges of a figure's judgments, in order of arrival."""
    return list(dict.fromkeys(one.judge for one in read_drawn(store, figure)))


def read_drawn(store: Store, figure: Figure) -> list[Judgment]:
    """Return the judgments that a figure can draw: all but those of canaries."""
    return [one for one in read_material(store, Ask(figure)).judgments if not is_canary(one)]


def check_ask(store: Store, ask: Ask) -> None:
    """Refuse to draw against a system, by a judge or on a benchmark that no judgment has.

    Edge: without any judgments everything may be asked for. Errors: NotFound with what there is.
    """
    judgments = read_drawn(store, ask.figure)
    if not judgments:
        return
    systems = {name for one in judgments for name in (one.system_1, one.system_2) if name}
    for name in ask.against:
        check_name(name, "against", systems)
    check_name(ask.judge, "by", {one.judge for one in judgments})
    check_name(ask.benchmark, "on", {one.benchmark for one in judgments})


def check_name(name: str | None, word: str, known: set[str]) -> None:
    """Refuse a name that is not known."""
    if name is not None and name not in known:
        there = ", ".join(sorted(known))
        raise NotFound(f"There are no judgments {word} {name!r}. There are: {there}.")


def read_material(store: Store, ask: Ask) -> Material:
    """Return what a figure is made from: figure 5 from Chinese questions, figure 4 from others."""
    where = "AND j.kind = 'pair' AND i.lang {} LIKE 'zh%'".format("" if ask.figure == 5 else "NOT")
    values: tuple[object, ...] = ()
    for column, wanted in (("b.name", ask.benchmark), ("j.judge", ask.judge)):
        if wanted is not None:
            where, values = f"{where} AND {column} = ?", (*values, wanted)
    with store.snapshot():
        judgments = list_judgments(store, where, values)
        names = dict.fromkeys(one.benchmark for one in judgments)
        ranked = {name: list_ranked(store, name) for name in names}
        translated = {name: frozenset(list_translated(store, name)) for name in names}
    return Material(judgments, ranked, translated)


def arrange_panels(material: Material, ask: Ask) -> list[Panel]:
    """Return the panels of a figure, those of the paper first."""
    wanted = [one for one in material.judgments if not is_canary(one)]
    groups: dict[Place, list[Bar]] = {}
    for bar in list_bars(wanted, ask):
        for place in list_places(material, ask, bar):
            groups.setdefault(place, []).append(bar)
    panels = [make_panel(material, ask, place, bars) for place, bars in groups.items()]
    if len(wanted) < len(material.judgments):
        words = f"Left out: {len(material.judgments) - len(wanted)} judgments of canaries."
        panels = [replace(one, notes=(*one.notes, words)) for one in panels]
    beside = [one for one in panels if one.published_source]
    others = [one for one in panels if not one.published_source]
    return [*sorted(beside, key=rate_panel), *sorted(others, key=rate_panel)]


def rate_panel(panel: Panel) -> tuple[int, str]:
    """Return what panels are sorted by: their kind, then the letter the paper gives them."""
    return KINDS.index(panel.kind), panel.letter or "z"


def is_canary(judgment: Judgment) -> bool:
    """Say whether a canary rides in this judgment."""
    names = (judgment.system_1, judgment.system_2 or "")
    return any(name.startswith(PREFIX) for name in names)


def list_bars(judgments: Sequence[Judgment], ask: Ask) -> list[Bar]:
    """Return the bars that were asked for; with categories, that of all of them comes first."""
    bars: list[Bar] = []
    for by_category in (False, True) if ask.by_category else (False,):
        for reference in ask.against or (None,):
            bars += make_bars(
                judgments, scores=ask.scores, reference=reference, by_category=by_category
            )
    return bars


def list_places(material: Material, ask: Ask, bar: Bar) -> list[Place]:
    """Return where a bar stands; ranks below the first stand among the ranks only."""
    kind = material.find_kind(ask, bar)
    judged = (bar.benchmark, bar.judge, bar.judge_assumed, bar.protocol, bar.reference)
    if kind == "category":
        return [Place(kind, bar.system, judged)]
    ranks = [one for one in material.ranked[bar.benchmark] if one.system == bar.system]
    if kind not in ("all", "blog"):
        ranks = []
    places = [Place("ranks", one.base, judged) for one in ranks]
    if not ranks or min(one.rank for one in ranks) < 2:
        places.append(Place(kind, "", judged))
    return places


def make_panel(material: Material, ask: Ask, place: Place, bars: Sequence[Bar]) -> Panel:
    """Return one panel, its lines in the order of the paper and the published bars beside ours."""
    first, kind = bars[0], place.kind
    printed = None
    if kind != "category":
        printed = find_panel(kind, match_name(first.reference), first.benchmark)
    if kind == "ranks":
        found = [one for one in material.ranked[first.benchmark] if one.base == place.about]
        lines = line_up_ranks(bars, found, printed)
    elif kind == "category":
        lines = [
            Line(bar.category or "all questions", bar, name=match_name(bar.system)) for bar in bars
        ]
    else:
        lines = line_up(bars, printed, first.reference in material.translated[first.benchmark])
    beside = any(line.published for line in lines)
    return Panel(
        ask.figure, kind, printed.letter if printed else "",
        TITLES[kind].format(about=place.about, reference=first.reference),
        first.reference, first.judge, tuple(lines),
        notes=(printed.note,) if printed and printed.note and is_about(printed, lines) else (),
        published_source=printed.source if printed and beside else "",
    )  # fmt: skip


def line_up(
    bars: Sequence[Bar], printed: PublishedPanel | None, reference_translated: bool
) -> list[Line]:
    """Return the lines of systems: those of the paper in its order, then the others as they came.

    Edge: figure 5 (c) prints Vicuna against GPT-4's own Chinese answers and all others against
    translated ones; each stands beside ours only where ours has the same reference.
    """
    lines = []
    for bar in bars:
        name = match_name(bar.system)
        published = printed.find_bar(name) if printed else None
        if printed and printed.kind == "chinese" and reference_translated == (name == VICUNA):
            published = None
        lines.append(Line(bar.system, bar, published, name))
    order = [*NAMES, None]
    return sorted(lines, key=lambda line: order.index(line.name))


def line_up_ranks(
    bars: Sequence[Bar], ranked: Sequence[Ranked], printed: PublishedPanel | None
) -> list[Line]:
    """Return the lines of ranks as the paper prints them: B on top, the first at the bottom.

    Edge: the published ranks stand beside those of the same model, of as many samples, only.
    """
    ranks = {one.system: one for one in ranked}
    lines = []
    for bar in sorted(bars, key=lambda bar: -(ranks[bar.system].rank or 10**6)):
        one = ranks[bar.system]
        label, name = str(one.rank or "B"), match_name(one.base)
        same = printed is not None and name == OWN[0] and one.n == N_PUBLISHED_RANKS
        published = printed.find_bar(label) if printed and same else None
        lines.append(Line(label, bar, published, None if one.rank else name or OWN[0]))
    return lines


def is_about(printed: PublishedPanel, lines: Sequence[Line]) -> bool:
    """Say whether a printed panel's note is about a bar that stands beside ours."""
    beside = [line.published.system for line in lines if line.published]
    return printed.about in beside if printed.about else bool(beside)


def pose_panel(printed: PublishedPanel) -> Panel:
    """Return a printed panel as if it were ours, without a bar of ours."""
    lines = [
        Line(bar.system, None, bar, OWN[0] if bar.system == "B" else bar.system)
        for bar in printed.list_bars()
    ]
    return Panel(
        cast(Figure, printed.figure), printed.kind, printed.letter, printed.title,
        printed.reference, JUDGE, tuple(lines), notes=(printed.note,) if printed.note else (),
        published_source=printed.source,
    )  # fmt: skip
