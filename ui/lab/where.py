"""Where in the items somebody is: which list, which page of it, which pair; told by the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from annotations.browse import Search
from backend.records import CRITERIA, WINNERS
from ui.pieces import Cell, link_to

MAX_QUERY = 2000  # characters; the guard takes no longer address
MAX_FIELDS = 40
MAX_PLACE = 10_000


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the items of a study; `item` is empty in a list.

    `pair` is the comparison of the item that is open, `search.place` the one the list is about.
    """

    study: str = ""
    search: Search = field(default_factory=Search)
    page: int = 1
    item: str = ""
    pair: int = 0

    def turn(self, page: int) -> "Where":
        """Return another page of the same list."""
        return replace(self, page=page, item="", pair=0)

    def open(self, item: str, pair: int, page: int) -> "Where":
        """Return a pair of the same list."""
        return replace(self, item=item, pair=pair, page=page)

    @property
    def query(self) -> dict[str, Cell]:
        """Return what the address has after the question mark; what is as usual is not in it."""
        search = self.search
        found: dict[str, Any] = {
            "item": self.item,
            "pair": self.pair if self.item and search.place is None else 0,
            "comparison": "" if search.place is None else str(search.place),
            "criterion": search.criterion,
            "outcome": search.outcome,
            "split": int(search.split),
            "app": search.app,
            "q": search.words,
            "p": self.page if self.page > 1 else 0,
        }
        return {"study": self.study, "tab": "items"} | {
            name: value for name, value in found.items() if value
        }

    @property
    def address(self) -> str:
        """Return the address that leads here."""
        return link_to("/lab/", **self.query)


def read_query(text: str) -> dict[str, str]:
    """Return the fields of an address, with or without its question mark; none if it is absurd."""
    if len(text) > MAX_QUERY:
        return {}
    try:
        return dict(parse_qsl(text.removeprefix("?"), max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}


def read_where(query: Mapping[str, str]) -> Where:
    """Return the place that an address leads to; what makes no sense in it counts as not there."""
    place = read_count(query["comparison"]) if query.get("comparison") else None
    criterion, outcome = query.get("criterion", ""), query.get("outcome", "")
    search = Search(
        place=place,
        criterion=criterion if criterion in CRITERIA else "",
        outcome=outcome if outcome in WINNERS else "",
        split=query.get("split") == "1",
        app=query.get("app", ""),
        words=query.get("q", "").strip(),
    )
    pair = read_count(query.get("pair", "")) if place is None else place
    page = max(1, read_count(query.get("p", "")))
    return Where(query.get("study", ""), search, page, query.get("item", ""), pair)


def read_count(text: str) -> int:
    """Return a number from an address; 0 for what is none, or too large to be one of ours."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    return number if number <= MAX_PLACE else 0
