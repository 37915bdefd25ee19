"""What every bench says beside its figures, and how: one table on screen, the same as JSON."""

import argparse
import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

Row = dict[str, Any]
VERSIONS = ("gradio", "numpy", "pandas", "plotly", "uvicorn")


def make_parser(doc: str) -> argparse.ArgumentParser:
    """Return a command line with what all benches share: where the JSON goes, if anywhere."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="write the figures to this file as JSON too")
    return parser


def describe_machine() -> dict[str, Any]:
    """Return what the figures depend on, in general words; the load is that of the last minute."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_gb": round(pages / 1e9),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in VERSIONS},
        "load": round(os.getloadavg()[0], 1),
    }


def summarise(seconds: Sequence[float]) -> Row:
    """Return median, 95th and 99th percentile. Units: seconds in, milliseconds out.

    Edge: nothing measured gives None; one value is all three.
    """
    if not seconds:
        return {"p50_ms": None, "p95_ms": None, "p99_ms": None}
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [*seconds] * 99
    parts = {"p50_ms": median(seconds), "p95_ms": cuts[94], "p99_ms": cuts[98]}
    return {name: round(1000 * value, 1) for name, value in parts.items()}


def format_table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table; a column is there when any row has it."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [columns] + [[show_cell(row.get(name)) for name in columns] for row in rows]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    return "\n".join(
        [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]
    )


def show_cell(value: object) -> str:
    """Return one value as text; what was not measured is a dash."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else str(value)


def report(asked: argparse.Namespace, rows: Sequence[Row], machine: Row, note: str = "") -> None:
    """Print the table, and write it where --out says."""
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print(f"\n{format_table(rows)}\n")
    if note:
        print(note)
    if asked.out:
        words = {k: v for k, v in vars(asked).items() if k != "out"}
        found = {"asked": words, "machine": machine, "rows": list(rows), "note": note}
        asked.out.write_text(json.dumps(found, indent=1, default=str) + "\n", "utf-8")
