"""Annotators: who takes part in a study, known by a code; names live in a table of their own."""

import secrets
import sqlite3
import unicodedata

from annotations.store import Row, Store
from backend.errors import Conflict, InputError, Refused
from backend.records import Annotator, Study

CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U to misread
CODE_LENGTH = 10
MAX_NAME = 60


def make_code() -> str:
    """Return a fresh pseudonym in Crockford's alphabet: about 49 random bits.

    Edge: it starts with a letter, so that no spreadsheet reads 12E3456789 as a number.
    """
    rest = (secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH - 1))
    return secrets.choice(CODE_ALPHABET[10:]) + "".join(rest)


def make_annotator(row: Row) -> Annotator:
    """Turn one row of the annotator table into a record."""
    return Annotator(
        annotator_id=row["annotator_id"],
        study_id=row["study_id"],
        code=row["code"],
        locale=row["locale"],
        quota=row["quota"],
        finished=row["finished_at"] is not None,
    )


def find_annotator(store: Store, study_id: int, code: str) -> Annotator | None:
    """Return the annotator of a study by code, or None."""
    row = store.row("SELECT * FROM annotator WHERE study_id = ? AND code = ?", (study_id, code))
    return None if row is None else make_annotator(row)


def insert_annotator(
    db: sqlite3.Connection, store: Store, study: Study, code: str, locale: str
) -> int:
    """Write an annotator's row and return its number."""
    cursor = db.execute(
        "INSERT INTO annotator(study_id, code, locale, quota, created_at) VALUES (?, ?, ?, ?, ?)",
        (study.study_id, code, locale, study.quota, store.timestamp()),
    )
    return int(cursor.lastrowid or 0)


def enrol_invited(store: Store, study: Study, code: str, locale: str) -> Annotator:
    """Return the annotator of an invitation, taking part from now on if they are new.

    Errors: Refused when they are new and the study isn't open.
    """
    known = find_annotator(store, study.study_id, code)
    if known is not None:
        return known
    check_open(study)
    with store.write() as db:
        insert_annotator(db, store, study, code, locale)
    return enrol_invited(store, study, code, locale)


def enrol_named(store: Store, study: Study, name: str, locale: str) -> Annotator:
    """Return a new annotator who gave a name in an open study.

    Errors: InputError for an unusable name; Conflict when somebody has it; Refused when the study
    is not open, or takes people by invitation only.
    """
    if study.enrolment != "name":
        raise Refused(
            "This study takes people by invitation only. Use the link that you were sent."
        )
    check_open(study)
    name = clean_name(name)
    code = make_code()
    try:
        with store.write() as db:
            annotator_id = insert_annotator(db, store, study, code, locale)
            db.execute(
                "INSERT INTO annotator_identity(annotator_id, study_id, name) VALUES (?, ?, ?)",
                (annotator_id, study.study_id, name.casefold()),
            )
    except sqlite3.IntegrityError as error:
        raise Conflict(
            f"Somebody called {name!r} takes part already. If that is you, open your personal "
            "link; else choose another name."
        ) from error
    return enrol_invited(store, study, code, locale)


def clean_name(name: str) -> str:
    """Return a name without spaces around it and in one Unicode form.

    Errors: InputError when it is empty, too long, or holds control characters.
    """
    name = unicodedata.normalize("NFKC", name).strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise InputError(f"Give a name of 1 to {MAX_NAME} printable characters.")
    return name


def check_open(study: Study) -> None:
    """Refuse new people while a study isn't open."""
    if study.status != "open":
        raise Refused(f"This study is not open for new people (it is {study.status}).")


def set_locale(store: Store, annotator: Annotator, locale: str) -> None:
    """Remember the language that an annotator chose."""
    with store.write() as db:
        db.execute(
            "UPDATE annotator SET locale = ? WHERE annotator_id = ?",
            (locale, annotator.annotator_id),
        )
