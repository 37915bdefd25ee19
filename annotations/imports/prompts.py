"""What a published judge was told becomes part of the ledger: prompts, and who uses which."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from annotations.imports.intake import Intake, Report
from annotations.readers import ModelRow, PromptRow, ReviewerRow
from backend.errors import InputError
from backend.judge.protocols import PromptText, Reviewer
from backend.records import hash_text

Told = TypeVar("Told", PromptText, Reviewer)

BOTH = (
    "A judge can be asked by the original protocol once prompt.jsonl and reviewer.jsonl are here."
)
NO_MODELS = "Nothing of it is needed: answers say themselves which model gave them."


def import_prompts(intake: Intake) -> Report:
    """Write the prompts that are not there yet.

    Errors: InputError when one of that name is there and says something else.
    """
    rows = intake.db.execute("SELECT name, system, template, rubric FROM judge_prompt")
    known = {row["name"]: PromptText(**dict(row)) for row in rows}
    found = [(row.line, row.prompt) for row in intake.document.rows_of(PromptRow)]
    new = list_new(found, known, "prompt")
    if new:
        source_id = intake.add_source(len(new))
        for one in new:
            digest = hash_text(one.system, one.template, one.rubric)
            intake.db.execute(
                "INSERT INTO judge_prompt VALUES (?, ?, ?, ?, ?, ?)",
                (one.name, one.system, one.template, one.rubric, digest, source_id),
            )
    return make_report(intake, len(new))


def import_reviewers(intake: Intake) -> Report:
    """Write the reviewers that are not there yet.

    Errors: InputError when one of that name, or for that category, is there and is another.
    """
    rows = intake.db.execute(
        "SELECT name, prompt, category, temperature, max_tokens FROM judge_reviewer"
    )
    known = {row["name"]: Reviewer(**dict(row)) for row in rows}
    found = [(row.line, row.reviewer) for row in intake.document.rows_of(ReviewerRow)]
    new = list_new(found, known, "reviewer")
    check_categories(found, known)
    if new:
        source_id = intake.add_source(len(new))
        for one in new:
            intake.db.execute(
                "INSERT INTO judge_reviewer VALUES (?, ?, ?, ?, ?, ?)",
                (one.name, one.prompt, one.category, one.temperature, one.max_tokens, source_id),
            )
    return make_report(intake, len(new))


def import_models(intake: Intake) -> Report:
    """Take nothing of a list of models, and say why."""
    rows = intake.document.rows_of(ModelRow)
    return Report(
        file=intake.source.name,
        kind=intake.document.format.kind,
        recognised=intake.document.format.name,
        rows=len(rows),
        new=0,
        duplicates=0,
        benchmark="",
        notes=(NO_MODELS, *intake.remark()),
        skipped=len(rows),
    )


def list_new(found: Iterable[tuple[int, Told]], known: Mapping[str, Told], what: str) -> list[Told]:
    """Return what is not there yet, each once.

    Errors: InputError for a name that stands for something else already.
    """
    seen = dict(known)
    new = []
    for line, one in found:
        before = seen.setdefault(one.name, one)
        if before != one:
            raise InputError(
                f"the {what} {one.name} is there already and says something else. "
                "Published prompts are never changed; a new data folder can have the others.",
                line,
            )
        if before is one:
            new.append(one)
    return new


def check_categories(found: Iterable[tuple[int, Reviewer]], known: Mapping[str, Reviewer]) -> None:
    """Check that no category has two reviewers.

    Errors: InputError that names both.
    """
    taken = {one.category: one.name for one in known.values()}
    for line, one in found:
        name = taken.setdefault(one.category, one.name)
        if name != one.name:
            raise InputError(
                f"the reviewer {one.name} is for {one.category} questions, which {name} reviews "
                "already. There is one reviewer for each category.",
                line,
            )


def make_report(intake: Intake, n_new: int) -> Report:
    """Return what became of a file of prompts or reviewers."""
    n_rows = len(intake.document.rows)
    return Report(
        file=intake.source.name,
        kind=intake.document.format.kind,
        recognised=intake.document.format.name,
        rows=n_rows,
        new=n_new,
        duplicates=n_rows - n_new,
        benchmark="",
        notes=(BOTH, *intake.remark()),
    )
