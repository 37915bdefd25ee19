"""Manifests: what stands behind files of numbers, so that somebody else can make them again."""

import hashlib
import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

from annotations.statistics import N_RESAMPLES
from annotations.store import Store
from annotations.tallies import Tally, tally_study
from backend.errors import InputError
from backend.records import Study

LIBRARIES = ("numpy", "sqlite-utils", "plotly", "kaleido", "pyarrow")

# What counts in a tally, in words that stand beside its numbers.
FILTERS = {
    "revision": "the latest of each ballot",
    "surplus": "left out of tallies and figures, marked in votes",
    "votes_from_elsewhere": "counted in tallies and figures, marked in votes",
}

# One row: what one pair of a study shows, by its hashes.
SELECT_PAIRS = """
    SELECT c.ord, i.ext_id, p.item_sha256, p.sha256_a, p.sha256_b, p.side_hash, p.target_k
    FROM pair p JOIN item i USING(item_id) JOIN comparison c USING(comparison_id)
    WHERE p.study_id = ? ORDER BY c.ord, i.ord"""


def make_manifest(
    store: Store, study: Study, paths: Sequence[Path], command: str, tallies: Sequence[Tally] = ()
) -> dict[str, Any]:
    """Return what stands behind files of a study, ready to be written as JSON.

    `tallies` are those that the files were made from; without them the study is counted again.
    """
    with store.snapshot():
        counted = tallies or tally_study(store, study)
        return {
            "manifest": 1,
            "made_at": store.timestamp(),
            "command": command,
            "files": [describe_file(path) for path in paths],
            "study": describe_study(store, study),
            "filters": FILTERS,
            "intervals": {"level": 0.95, "resamples_of_items": N_RESAMPLES, "seed": study.seed},
            "counts": [describe_tally(tally) for tally in counted],
            "versions": list_versions(),
        }


def describe_file(path: Path) -> dict[str, str | int]:
    """Return a file's name, size and hash."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}


def describe_study(store: Store, study: Study) -> dict[str, Any]:
    """Return what a study froze when it was created, and how it stands."""
    return {
        "name": study.name,
        "benchmark": study.benchmark,
        "systems": list(study.systems),
        "seed": study.seed,
        "votes_per_pair": study.votes_per_pair,
        "created_at": study.created_at,
        "status": study.status,
        "wording_sha256": study.wording_sha256,
        "pairs_sha256": hash_pairs(store, study),
    }


def hash_pairs(store: Store, study: Study) -> str:
    """Return the hash of all that a study shows: items, answers and sides, in their order."""
    digest = hashlib.sha256()
    for row in store.rows(SELECT_PAIRS, (study.study_id,)):
        digest.update(json.dumps(tuple(row)).encode() + b"\n")
    return digest.hexdigest()


def describe_tally(tally: Tally) -> dict[str, Any]:
    """Return what was counted for one comparison and criterion."""
    return {
        "system_a": tally.comparison.a,
        "system_b": tally.comparison.b,
        "criterion": tally.criterion,
        "n": tally.n,
        "a": tally.n_a,
        "b": tally.n_b,
        "tie": tally.n_tie,
        "items": tally.n_items,
        "annotators": tally.coverage.n_annotators,
        "from_elsewhere": tally.coverage.n_outside,
        "surplus_left_out": tally.coverage.n_surplus,
        "missing": tally.coverage.n_missing,
    }


def list_versions() -> dict[str, str]:
    """Return the versions of this program and of what its numbers and pictures come from."""
    found = {"camelid": find_version("camelid"), "python": platform.python_version()}
    found["sqlite"] = sqlite3.sqlite_version
    return found | {name: find_version(name) for name in LIBRARIES}


def find_version(package: str) -> str:
    """Return a package's version; a checkout that was never installed has none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest that is there whole or not at all.

    Errors: InputError when it can't be written.
    """
    draft = path.with_name(f".{uuid4().hex}-{path.name}")
    try:
        with draft.open("x", encoding="utf-8") as file:
            json.dump(manifest, file, ensure_ascii=False, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}).") from error
    finally:
        draft.unlink(missing_ok=True)
