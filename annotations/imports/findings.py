"""What a researcher should know of judgments that come from a file. Pure: no database."""

from collections import Counter
from collections.abc import Iterable, Sequence

from annotations.imports.judgments import Filed
from annotations.imports.lint import list_ids
from backend.judge.records import VERDICT_OUTCOMES, Slot

SHOWN = 20  # judgments that a file scores otherwise than their text


def describe_filed(filed: Sequence[Filed], n_better: int) -> list[str]:
    """Return who judged, what could be read, and where a file says otherwise than its texts.

    `n_better` were there already and are known better now.
    """
    lines = [describe_judges(filed)]
    if n_better:
        lines.append(f"There already, but better known now, and filed again: {n_better:,}.")
    return [*lines, *describe_outcomes(filed), *describe_differences(filed)]


def describe_judges(filed: Iterable[Filed]) -> str:
    """Return who judged, and what to do where that is only assumed."""
    judges = dict.fromkeys((one.judge, one.judge_assumed) for one in filed)
    names = [f"{name}, which is assumed" if assumed else name for name, assumed in judges]
    line = f"Judge: {'; '.join(names)}."
    if any(assumed for _, assumed in judges):
        line += " The file doesn't say who judged; if it was another, add --judge NAME."
    return line


def describe_outcomes(filed: Sequence[Filed]) -> list[str]:
    """Return how many replies could be read, and the items of the others."""
    counts = Counter(one.outcome for one in filed)
    names = {name: name.replace("_", " ") for name in VERDICT_OUTCOMES if counts[name]}
    parts = [f"{words} {counts[name]:,}" for name, words in names.items()]
    lines = [f"Replies read again: {', '.join(parts)}."]
    for name, words in names.items():
        if name != "ok":
            ids = [one.item_id for one in filed if one.outcome == name]
            lines.append(f"Without a score, {words}: item {list_ids(ids)}.")
    zeros = [one.item_id for one in filed if "zero" in one.flags]
    if zeros:
        lines.append(f"With a score of 0, which is kept: item {list_ids(zeros)}.")
    return lines


def describe_differences(filed: Iterable[Filed]) -> list[str]:
    """Return a line for every judgment whose file says otherwise than its text."""
    differing = [one for one in filed if differs(one)]
    lines = [f"Judgments that the file scores otherwise than their text: {len(differing)}."]
    for one in differing[:SHOWN]:
        systems = " and ".join(side.system for side in one.sides)
        lines.append(f"Item {one.item_id}, {systems}: {tell_stored(one)}, {tell_read(one)}.")
    if len(differing) > SHOWN:
        lines.append(f"And {len(differing) - SHOWN:,} more; `export judgments` marks them all.")
    return lines


def differs(one: Filed) -> bool:
    """Say whether what the file says of a reply is not what was read from it."""
    if one.outcome != "ok":
        return False
    if one.said is not None and one.said != one.better:
        return True
    return one.stored is not None and one.stored != one.scores


def tell_stored(one: Filed) -> str:
    """Return what the file says."""
    if one.stored is not None:
        return f"the file says {' : '.join(f'{score:g}' for score in one.stored)}"
    return f"the file says {tell_winner(one, one.said)}"


def tell_read(one: Filed) -> str:
    """Return what the text says."""
    if one.scores is not None:
        return f"the text {' : '.join(f'{score:g}' for score in one.scores)}"
    return f"the text {tell_winner(one, one.better)}"


def tell_winner(one: Filed, winner: Slot | None) -> str:
    """Return a winner's name."""
    return one.sides[int(winner) - 1].system if winner in ("1", "2") else str(winner)


def warn_of_filed(filed: Sequence[Filed]) -> list[str]:
    """Return what a researcher should know of these judgments before counting on them."""
    lacking = Counter(
        system
        for one in filed
        for system in {side.system for side in one.sides if side.answer_id is None}
    )
    return [
        f"answers of {system} that are judged here and not in the ledger: {lacking[system]:,}. The "
        "scores count, but there is no text to look at; import the answers, then this again."
        for system in sorted(lacking)
    ]
