"""Files of reviews become judgments: whose answers they are about, who judged, what they say."""

from collections.abc import Sequence

from annotations.imports.findings import describe_filed, warn_of_filed
from annotations.imports.intake import Intake, Report
from annotations.imports.judgments import Filed, find_standing, is_same, join_known, write_filed
from annotations.imports.lint import ERRORS
from annotations.imports.sides import Ground, find_ground, name_judge, place_sides
from annotations.readers import ReviewRow
from annotations.readers.fields import check_name
from annotations.store import Row
from backend.errors import InputError
from backend.judge.marks import read_ratings, read_winner
from backend.judge.records import Reading, Slot, VerdictOutcome
from backend.judge.verdicts import read_pair, read_single
from backend.records import hash_text

ASSUMED = "gpt-4"  # who judged, where neither a person nor a row nor the file's name says


def import_reviews(intake: Intake) -> Report:
    """Write the judgments that are not there yet, and again those that are known better now.

    Errors: InputError for a review that fits no item or answer.
    """
    rows = [row for row in intake.document.rows_of(ReviewRow) if row.turn == 1]
    if not rows:
        raise InputError("All rows are about later turns of conversations; the first is taken.")
    ground = find_ground(intake, rows)
    filed, standing = file_rows(intake, ground, rows)
    new = [one for one in filed if one.key not in standing]
    better = [one for one in filed if one.key in standing and not is_same(one, standing[one.key])]
    if new or better:
        source_id = intake.add_source(len(new), benchmark=ground.benchmark.name)
        write_filed(intake.db, [*new, *better], source_id, intake.store.clock())
    return Report(
        file=intake.source.name,
        kind=intake.document.format.kind,
        recognised=f"{intake.document.format.name} on {ground.benchmark.name}",
        rows=len(intake.document.rows),
        new=len(new),
        duplicates=len(rows) - len(new),
        benchmark=ground.benchmark.name,
        systems=tuple(dict.fromkeys(side.system for one in filed for side in one.sides)),
        notes=(*intake.remark(), *describe_filed(filed, len(better))),
        warnings=tuple(warn_of_filed(filed)),
        skipped=len(intake.document.rows) - len(rows),
    )


def file_rows(
    intake: Intake, ground: Ground, rows: Sequence[ReviewRow]
) -> tuple[list[Filed], dict[str, Row]]:
    """Return the judgments of a file, each once, and those of them that the ledger has, by key."""
    judge = choose_judge(intake)
    found = {one.key: one for one in (file_row(row, ground, judge) for row in rows)}
    standing = find_standing(intake.db, list(found))
    is_told = intake.wishes.judge is not None
    filed = [
        join_known(one, standing[key], is_told=is_told) if key in standing else one
        for key, one in found.items()
    ]
    return filed, standing


def choose_judge(intake: Intake) -> tuple[str, bool]:
    """Return who judged where the rows don't say, and whether that is only assumed.

    Edge: the reviewers in the rows can't tell: GPT-3.5's files have the same as GPT-4's.
    """
    told = intake.wishes.judge or name_judge(intake.source.name)
    return (check_name(told, "judge"), False) if told else (ASSUMED, True)


def file_row(row: ReviewRow, ground: Ground, judge: tuple[str, bool]) -> Filed:
    """Return one review as a judgment, its reply read again.

    Its key is what the file says of it, so that it is the same one under any name of the file.
    """
    name, is_assumed = (row.judge, False) if row.judge else judge
    reading, winner = read_reply(row)
    told = (row.item_id, row.protocol, row.ext_id, *row.answers, *row.systems, row.judge or "")
    return Filed(
        line=row.line,
        key=hash_text("file", ground.benchmark.name, *told, row.text),
        ext_id=row.ext_id,
        item_id=row.item_id,
        item_row=ground.items[row.item_id][0],
        sides=place_sides(row, ground),
        reference_slot=row.reference_slot,
        judge=name,
        judge_assumed=is_assumed,
        protocol=row.protocol,
        detail=f"reviewer {row.reviewer}" if row.reviewer else "",
        text=row.text,
        outcome=name_outcome(row.text, is_read=reading is not None or winner is not None),
        reading=reading,
        winner=winner,
        stored=row.stored,
        said=row.said,
    )


def read_reply(row: ReviewRow) -> tuple[Reading | None, Slot | None]:
    """Return the scores that a reply gives, or the winner that it names without scores."""
    if row.answers:
        return read_pair(row.text), None
    if len(row.systems) == 1:
        return read_single(row.text), None
    reading = read_ratings(row.text)
    return reading, None if reading else read_winner(row.text)


def name_outcome(text: str, *, is_read: bool) -> VerdictOutcome:
    """Return how a judge's asking ended, by what the file has in the reply's place."""
    if is_read:
        return "ok"
    if not text.strip():
        return "empty"
    return "api_error" if ERRORS.fullmatch(text.strip()) else "unreadable"
