"""docs/files.md can't say what is no longer so."""

import re
from pathlib import Path
from typing import get_args

import pytest

import annotations.judging.exports
import annotations.judging.numbers
import annotations.judging.reports
import training.jobs
import ui.prints
from annotations.exports import EXPORTS
from tests.jobs import make_job, make_recipe
from tests.ledgers import make_study, open_store
from training.checkpoint import Origin, make_facts
from training.orders import End

PAGE = (Path(__file__).parent.parent / "docs" / "files.md").read_text("utf-8")


def read_names(mark):
    """The names in the first column of the table under a comment, in their order."""
    table = PAGE.split(f"<!-- {mark} -->\n")[1].split("\n\n")[0].splitlines()[2:]
    cells = [line.removeprefix("| ").split(" | ")[0] for line in table]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("kind", list(EXPORTS))
def test_every_column_of_an_export_is_told(tmp_path, kind):
    with open_store(tmp_path) as store:
        study = make_study(store)
        columns = EXPORTS[kind].read(store, study).columns
    assert sorted(read_names(kind)) == sorted(columns)


@pytest.mark.parametrize(
    ("mark", "columns"),
    [
        ("judgments", annotations.judging.exports.COLUMNS),
        ("agreement", annotations.judging.reports.COLUMNS),
        ("figure 3", ui.prints.COLUMNS),
        ("figures 4 and 5", annotations.judging.numbers.COLUMNS),
    ],
)
def test_every_column_is_told(mark, columns):
    assert sorted(read_names(mark)) == sorted(columns)


def test_every_key_of_a_checkpoint_is_told(tmp_path):
    facts = make_facts(make_job(tmp_path), make_recipe(), Origin("", 8, 1), "model")
    assert sorted(read_names("model.json")) == sorted(facts)


def test_every_file_of_a_job_is_told():
    told = re.findall(r"^        ([\w.]+)", training.jobs.__doc__, re.MULTILINE)
    assert {name.rstrip("/") for name in read_names("job")} >= {*told} - {"data", "preview.jsonl"}


def test_every_end_of_a_job_is_told():
    assert read_names("ends") == [end for end in get_args(End) if end]
