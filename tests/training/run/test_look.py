"""A look before the start: the report, and rows as the model will see them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.errors import InputError, NotFound
from training.jobs import create_job
from training.orders import Order
from training.preview import read_previews
from training.recipe import Recipe, Tiny
from training.report import read_report
from training.run.look import FIRST_ROWS, NO_ROW, look

pytestmark = pytest.mark.slow  # tokenizers come with torch

ROOT = Path(__file__).parents[3]
TINY = Tiny(hidden=16, layers=1, heads=1, context=256, vocabulary=300)
RECIPE = Recipe(
    name="r", title="R", kind="sft", tiny=TINY, max_length=256, precision="fp32", global_batch=4
)  # fmt: skip
ROWS = [
    {"instruction": "Say </s>.", "input": "", "output": "So: ### Response: 你好"},
    {"instruction": "Add.", "input": "1 and 2", "output": "3"},
    {"instruction": "Why? " * 200, "input": "", "output": "No."},
    {"instruction": "Go on.", "input": "", "output": "on and on " * 200},
]


def order(tmp_path, rows=ROWS, recipe=RECIPE):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows), "utf-8")
    return create_job(tmp_path / "data", Order("", "r"), recipe, [path], shelf="looks").folder


def test_what_is_looked_at_is_written_down(tmp_path):
    folder = order(tmp_path)
    report = look(folder)
    assert read_report(folder) == report
    assert (report.n_rows, report.n_examples, report.n_masked) == (4, 3, 1)
    assert {row.line for row in read_previews(folder)} == set(FIRST_ROWS)


def test_a_row_shows_which_text_carries_loss(tmp_path):
    folder = order(tmp_path)
    look(folder, rows=(2, 1))
    other, row = read_previews(folder)
    assert [text for text, loss in row.segments if loss] == ["So: ### Response: 你好</s>"]
    assert row.segments[0][0].endswith("### Instruction:\nSay </s>.\n\n### Response:")
    assert "### Input:\n1 and 2" in other.segments[0][0]


def test_rows_that_are_cut_or_left_out_say_so(tmp_path):
    folder = order(tmp_path)
    look(folder, rows=(3, 4, 99))
    empty, cut, absent = read_previews(folder)
    assert empty.note == "Left out: no answer is left in it."
    assert cut.truncated and cut.n_tokens == 256 and not cut.note
    assert absent.note == NO_ROW


def test_a_long_chat_is_shown_in_its_parts(tmp_path):
    turns = [{"from": ("human", "gpt")[n % 2], "value": f"turn {n} " * 12} for n in range(8)]
    changes = {"template": "vicuna_v1.1", "overflow": "split", "shape": "sharegpt"}
    folder = order(tmp_path, [{"conversations": turns}], RECIPE.model_copy(update=changes))
    look(folder, rows=(1,))
    rows = read_previews(folder)
    assert [row.part for row in rows] == [f"{n + 1} of {len(rows)}" for n in range(len(rows))]
    assert len(rows) > 1


def test_a_pair_shows_both_answers(tmp_path):
    prompt = [{"role": "user", "content": "Which?"}]
    rows = [{"item": "1", "prompt": prompt, "chosen": "This.", "rejected": "That."}]
    changes = {"kind": "preference", "shape": "preference"}
    folder = order(tmp_path, rows, RECIPE.model_copy(update=changes))
    look(folder, rows=(1,))
    told = {row.part: row.segments[1] for row in read_previews(folder)}
    assert told == {"chosen": ("This.</s>", True), "rejected": ("That.</s>", True)}


def test_a_base_that_is_not_there_is_named(tmp_path):
    recipe = Recipe(name="r", title="R", kind="sft", base="nobody")
    with pytest.raises(NotFound, match="nobody"):
        look(order(tmp_path, recipe=recipe))


def test_data_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"rows\.json"):
        look(order(tmp_path, rows=[{"words": 1}]))


def test_the_process_that_looks_does_without_torch(tmp_path):
    folder = order(tmp_path)
    words = ["look", str(folder), "--rows", "1,3"]
    code = (
        "import runpy, sys; sys.argv[0] = 'run'\n"
        "try: runpy.run_module('training.run', run_name='__main__', alter_sys=True)\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert not sys.modules.get('torch'), 'torch was loaded'\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert [row.line for row in read_previews(folder)] == [1, 3]
    assert read_report(folder).n_rows == 4
