"""One file on its way into the ledger, and the report of what became of it."""

import sqlite3
from dataclasses import dataclass, fields

from annotations import library
from annotations.readers import Document, Kind
from annotations.store import Store

# What an admin can say along with a file, and with which kinds of files it means something.
MEANINGFUL: dict[str, tuple[Kind, ...]] = {
    "model": ("answers", "predictions"),
    "study": ("votes",),
    "benchmark": ("items", "answers", "predictions", "reviews", "judgments"),
    "name": ("items",),
    "judge": ("reviews",),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said along with the file; None where nothing was."""

    model: str | None = None
    study: str | None = None
    benchmark: str | None = None
    name: str | None = None
    judge: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What an import found and did.

    `rows` = `new` + `duplicates`, which were there before, + `skipped`, which were not taken.
    """

    file: str
    kind: Kind
    recognised: str
    rows: int
    new: int
    duplicates: int
    benchmark: str
    systems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    skipped: int = 0

    def lines(self) -> list[str]:
        """Return the report as sentences, for the terminal and the page."""
        counts = f"Rows: {self.rows:,}; new: {self.new:,}; there already: {self.duplicates:,}"
        counts += f"; not taken: {self.skipped:,}." if self.skipped else "."
        warnings = [f"Warning: {warning}" for warning in self.warnings]
        return [f"{self.file}: {self.recognised}.", counts, *self.notes, *warnings]


@dataclass(frozen=True, slots=True)
class Intake:
    """A file that was read, with the open transaction that it is written in."""

    store: Store
    db: sqlite3.Connection
    document: Document
    source: library.Source
    wishes: Wishes
    actor: str

    def add_source(self, n_new: int, study_id: int | None = None, **detail: str) -> int:
        """Write down the file and who imported it; return the file's number."""
        source = self.source
        source_id = library.add_source(self.db, source, self.store.timestamp(), self.actor)
        self.store.record_event(
            self.db, self.actor, "import", study_id,
            file=source.name, sha256=source.sha256, source_kind=source.kind,
            n_rows=source.n_rows, n_new=n_new, **detail,
        )  # fmt: skip
        return source_id

    def remark(self) -> tuple[str, ...]:
        """Return what should be said of any file: keys not read, and words that changed nothing."""
        remarks = []
        if self.document.unread:
            remarks.append(
                f"Not read, because they mean nothing here: {', '.join(self.document.unread)}."
            )
        for field in fields(self.wishes):
            given = getattr(self.wishes, field.name)
            if given is not None and self.document.format.kind not in MEANINGFUL[field.name]:
                remarks.append(
                    f"--{field.name} {given} changed nothing: "
                    f"this file holds {self.document.format.name}."
                )
        return tuple(remarks)
