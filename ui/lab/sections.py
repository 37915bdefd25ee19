"""The sections of the results tab in HTML: heading, published numbers, tables, downloads."""

from dataclasses import replace
from typing import Any, cast

from markupsafe import Markup

from annotations.browse import Search
from annotations.exports import EXPORTS
from annotations.formats import Format
from annotations.published import Panel
from backend.records import Status, Study
from ui.lab.findings import Findings, choose_panel, name_comparison, name_panel
from ui.lab.tables import show_coverage, show_shares
from ui.lab.where import Where
from ui.pieces import finish, join, show_link
from ui.prints import FORMATS
from ui.sheet import count_base

EXPORT_LABELS = {
    "votes": "Votes, one a row",
    "votes-wide": "Votes, one pair a row",
    "tallies": "Tallies",
    "history": "All revisions and comments",
    "agreement": "Judges and people",
}
FORMAT_LABELS: dict[Format, str] = {"csv": "CSV", "jsonl": "JSONL", "parquet": "Parquet"}
NO_VOTES = "No votes yet. Pies, bars and tests will be here after the first one."


def show_heading(found: Findings) -> str:
    """Return what is compared, by how many votes."""
    words = count_base(found.tallies) if found.n else NO_VOTES
    html = Markup('<div class="heading"><h2>{}</h2><p>{}</p>{}</div>')
    ways = "" if found.n else show_ways(found.study)
    return finish(html.format(name_comparison(found.comparison), words, ways))


def show_ways(study: Study) -> Markup:
    """Return how a study without votes gets some."""
    ways: dict[Status, str] = {
        "draft": "The study is a draft: an admin opens it, then people can vote.",
        "paused": "The study is paused: an admin opens it again.",
        "closed": "The study is closed: votes from elsewhere can still be imported.",
        "open": "Send people their invitation links, or import votes from elsewhere.",
    }
    if study.status == "open" and study.enrolment == "name":
        link = show_link("join link", f"/join/{study.slug}")
        return Markup("<p>Send people the {}, or import votes from elsewhere.</p>").format(link)
    return Markup("<p>{}</p>").format(ways[study.status])


def show_numbers(found: Findings) -> str:
    """Return the tables of a comparison."""
    if not found.n:
        return ""
    return finish(
        join(
            [
                show_shares(found.tallies, found.published if found.same_systems else ()),
                show_ways_down(found),
                show_coverage(found.tallies),
            ]
        )
    )


def show_ways_down(found: Findings) -> Markup:
    """Return the links from a comparison to its pairs, and to those that people disagree on."""
    search = Search(place=found.place)
    ways = [("All pairs", search)]
    ways += [
        (
            f"Disagreements: {tally.criterion}",
            replace(search, criterion=tally.criterion, split=True),
        )
        for tally in found.tallies
        if tally.n
    ]
    links = [
        Markup('<a href="{}">{}</a>').format(Where(found.study.name, one).address, words)
        for words, one in ways
    ]
    return Markup('<p class="ways">{}</p>').format(join(links))


def show_downloads(found: Findings) -> str:
    """Return a link for every file that can be taken away."""
    name = found.study.name
    rows = [
        show_row(
            EXPORT_LABELS.get(kind, kind),
            [
                show_link(
                    FORMAT_LABELS[format], f"/lab/export/{kind}", "button",
                    study=name, format=format,
                )
                for format in export.formats
            ],
        )
        for kind, export in EXPORTS.items()
    ]  # fmt: skip
    if found.n:
        figures = [
            show_link(format.upper(), "/lab/figure/3", "button", study=name, format=format)
            for format in FORMATS
        ]
        rows.append(show_row("Figure of this study", figures))
    everything = show_link("ZIP", "/lab/export/everything", "button", study=name)
    rows.append(show_row("All of it, with a manifest", [everything]))
    return finish(Markup('<div class="downloads">{}</div>').format(join(rows)))


def show_row(words: str, links: list[Markup]) -> Markup:
    """Return one line of downloads."""
    return Markup("<p><span>{}</span>{}</p>").format(words, join(links))


def show_address(found: Findings) -> str:
    """Return the link that shows the same again; a script of ours puts it into the address bar."""
    query: dict[str, Any] = {"study": found.study.name}
    if found.place:
        query["pair"] = found.place
    if found.panel != choose_panel(found.comparison, None, found.study.benchmark):
        query["published"] = found.panel
    return finish(show_link("Link to this view", "/lab/", **query))


def show_published(found: Findings) -> str:
    """Return the heading over the published pies."""
    if not found.published:
        return ""
    words = (
        "The paper's own votes, under the names of this study."
        if found.same_systems
        else "The paper's own votes, on other systems or instructions than these: not drawn into "
        "the bars."
    )
    panel = cast(Panel, found.panel)
    return finish(
        Markup("<h3>Published: {}</h3><p class='quiet'>{}</p>").format(name_panel(panel), words)
    )
