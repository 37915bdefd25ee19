"""The numbers behind figures 4 and 5, a row a bar, and the manifest that goes with the files."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotations.cells import guard_cell
from annotations.formats import Cell
from annotations.judging.bars import Bar
from annotations.judging.panels import Ask, Material, Panel, arrange_panels
from annotations.judging.records import Scores
from annotations.manifests import describe_file, list_versions
from annotations.statistics import N_RESAMPLES, Interval
from annotations.store import Store
from backend.judge.records import VERDICT_OUTCOMES

COLUMNS = [
    "figure", "panel", "kind", "benchmark", "system", "reference", "judge", "judge_assumed",
    "protocol", "category", "source", "files", "scores", "drawn", "sum_system", "sum_reference",
    "share", "percent", "low", "high", "n_questions", "n_judgments", "n_failed",
    *VERDICT_OUTCOMES, "wins", "ties", "losses", "mean_difference", "difference_low",
    "difference_high",
]  # fmt: skip
OTHER: dict[Scores, Scores] = {"read": "stored", "stored": "read"}
FILTERS = {
    "question": "the mean of its judgments that have scores, over both orders and all repeats",
    "failures": "counted by name, never as a score",
    "canaries": "left out of figures",
    "wins": "a question goes to who won more of its judgments; as many is a tie",
}


def list_numbers(
    material: Material | None, panels: Sequence[Panel], ask: Ask
) -> Iterator[list[Cell]]:
    """Yield a row for each bar in the order of COLUMNS: those drawn, then the other way of scoring.

    The other way is there for bars some of whose judgments brought scores of a file's own.
    """
    for panel in panels:
        for bar in (*panel.bars, *panel.published):
            yield list_cells(panel, bar, drawn=True)
    if material is None:
        return
    for panel in arrange_panels(material, replace(ask, scores=OTHER[ask.scores])):
        for bar in panel.bars:
            if bar.has_stored:
                yield list_cells(panel, bar, drawn=False)


def list_cells(panel: Panel, bar: Bar, *, drawn: bool) -> list[Cell]:
    """Return one bar's row; what was not published is empty."""
    ours = bar.source == "ours"
    files = "; ".join(bar.sources) if ours else panel.published_source
    return [
        panel.figure, panel.letter, panel.kind, bar.benchmark, bar.system, bar.reference,
        bar.judge, int(bar.judge_assumed), guard_cell(bar.protocol), bar.category, bar.source,
        guard_cell(files), bar.scores if ours else None, int(drawn), write_sum(bar.sum_system),
        write_sum(bar.sum_reference), bar.share, None if bar.share is None else 100 * bar.share,
        *list_ends(bar.interval), bar.n_questions, bar.n_judgments, bar.n_failed if ours else None,
        *(bar.outcomes.get(outcome) for outcome in VERDICT_OUTCOMES), bar.wins, bar.ties,
        bar.losses, write_sum(bar.mean_difference),
        *(write_sum(end) for end in list_ends(bar.difference_interval)),
    ]  # fmt: skip


def write_sum(value: float | None) -> str | None:
    """Return a sum or a difference as CSV has it: 704, 657.5, -1.5125."""
    return None if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def list_ends(interval: Interval | None) -> list[float | None]:
    """Return both ends of an interval, or nothing twice."""
    return [None, None] if interval is None else [interval.low, interval.high]


def make_manifest(
    store: Store, ask: Ask, material: Material | None, paths: Sequence[Path], command: str
) -> dict[str, Any]:
    """Return what stands behind the files of a figure, ready to be written as JSON."""
    judgments = material.judgments if material else ()
    digest = hashlib.sha256()
    for one in judgments:
        digest.update(repr((one.key, one.read, one.stored, one.by_hand, one.outcome)).encode())
    return {
        "manifest": 1,
        "made_at": store.timestamp(),
        "command": command,
        "files": [describe_file(path) for path in paths],
        "asked": {
            "figure": ask.figure, "scores": ask.scores, "against": list(ask.against),
            "judge": ask.judge, "benchmark": ask.benchmark, "by_category": ask.by_category,
            "published": ask.published,
        },
        "filters": FILTERS,
        "intervals": {"level": 0.95, "resamples_of_questions": N_RESAMPLES},
        "judgments": {"n": len(judgments), "sha256": digest.hexdigest()},
        "sources": sorted({one.source for one in judgments}),
        "versions": list_versions(),
    }  # fmt: skip
