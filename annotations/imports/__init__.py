"""Import: one file, recognised by its content, becomes rows of the ledger in one transaction.

A file that fails leaves nothing behind. A file that is imported again changes nothing.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from annotations.imports.answers import import_answers
from annotations.imports.intake import Intake, Report, Wishes
from annotations.imports.items import import_items
from annotations.imports.prompts import import_models, import_prompts, import_reviewers
from annotations.imports.reviews import import_reviews
from annotations.imports.votes import import_votes
from annotations.library import Source
from annotations.readers import Kind, read_document
from annotations.store import Store
from backend.errors import InputError

__all__ = ["MAX_BYTES", "Report", "import_file"]

MAX_BYTES = 64 * 1024 * 1024

IMPORTERS: dict[Kind, Callable[[Intake], Report]] = {
    "items": import_items,
    "answers": import_answers,
    "predictions": import_answers,
    "votes": import_votes,
    "reviews": import_reviews,
    "judgments": import_reviews,
    "prompts": import_prompts,
    "reviewers": import_reviewers,
    "models": import_models,
}


def import_file(  # noqa: PLR0913 - the words that may go with a file are keywords
    store: Store,
    path: Path,
    *,
    model: str | None = None,
    study: str | None = None,
    benchmark: str | None = None,
    name: str | None = None,
    judge: str | None = None,
    actor: str = "cli",
    max_bytes: int = MAX_BYTES,
) -> Report:
    """Read a file of any known kind into the ledger, and return what was found and done.

    `model` names who answered, `study` whose votes these are, `benchmark` what was answered where
    several fit, `name` the benchmark that a file of instructions becomes, `judge` who wrote these
    reviews.
    Errors: InputError naming the line, LedgerError while the disk is nearly full; then nothing was
    written.
    """
    store.check_space("an import")
    data = read_bytes(path, max_bytes)
    document = read_document(data)
    digest = hashlib.sha256(data).hexdigest()
    file = path.name.encode(errors="replace").decode()  # a file's name can be no text at all
    source = Source(file, digest, document.format.kind, len(document.rows))
    wishes = Wishes(*(word or None for word in (model, study, benchmark, name, judge)))
    with store.write() as db:
        intake = Intake(store, db, document, source, wishes, actor)
        return IMPORTERS[document.format.kind](intake)


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """Return a file's bytes.

    Errors: InputError when it can't be read, or is larger than `max_bytes`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}).") from error
    if len(data) > max_bytes:
        limit = f"{max_bytes / 1024**2:g} MB"
        raise InputError(
            f"{path.name} is larger than {limit}, the most that an import takes. "
            "Split it, or raise the limit in the settings."
        )
    return data
