"""Where in the judge's tab somebody is: which part, which list or figure; told by the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from annotations.judging.browse import Filter
from ui.pieces import Cell, link_to

VIEWS = ("bars", "agreement", "judgments")
MAX_NUMBER = 10**9
# What a field of the filter is called in an address, where it has another name there.
NAMES = {"reference": "against", "text": "q"}


@dataclass(frozen=True, slots=True)
class Where:
    """A place among the judgments; `judgment` is 0 in a list, else the number of the open one."""

    filter: Filter = field(default_factory=Filter)
    page: int = 1
    judgment: int = 0

    def turn(self, page: int) -> "Where":
        """Return another page of the same list."""
        return replace(self, page=page, judgment=0)

    def open(self, judgment: int) -> "Where":
        """Return a judgment of the same list; its page is known by where it stands there."""
        return replace(self, judgment=judgment, page=1)

    @property
    def query(self) -> dict[str, Cell]:
        """Return what the address has after the question mark; what is as usual is not in it."""
        found: dict[str, Cell] = {"tab": "judge", "view": "judgments", **write_filter(self.filter)}
        if self.page > 1:
            found["p"] = self.page
        if self.judgment:
            found["judgment"] = self.judgment
        return found

    @property
    def address(self) -> str:
        """Return the address that leads here."""
        return link_to("/lab/", **self.query)


def choose_view(query: Mapping[str, str]) -> str:
    """Return the part of the tab that an address leads to: a judgment's number is enough."""
    asked = query.get("view", "judgments" if query.get("judgment") else VIEWS[0])
    return asked if asked in VIEWS else VIEWS[0]


def write_filter(filter: Filter) -> dict[str, Cell]:
    """Return a filter as fields of an address; what matches everything is not in it."""
    found: dict[str, Cell] = {}
    for one in fields(filter):
        value = getattr(filter, one.name)
        if value:
            found[NAMES.get(one.name, one.name)] = int(value) if value is True else value
    return found


def read_filter(query: Mapping[str, str]) -> Filter:
    """Return the filter that an address holds; a name that nothing has finds nothing."""
    found: dict[str, Any] = {}
    for one in fields(Filter):
        text = query.get(NAMES.get(one.name, one.name), "").strip()
        found[one.name] = text == "1" if isinstance(one.default, bool) else text
    return Filter(**found)


def read_where(query: Mapping[str, str]) -> Where:
    """Return the place that an address leads to; what makes no sense in it counts as not there."""
    page = max(1, read_number(query.get("p", "")))
    return Where(read_filter(query), page, read_number(query.get("judgment", "")))


def read_number(text: str) -> int:
    """Return a number from an address; 0 for what is none, or too large to be one of ours."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 0
    return number if number <= MAX_NUMBER else 0
