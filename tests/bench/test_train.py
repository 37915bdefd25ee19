"""The bench of training: what it compares is the same rows, and a short run of it."""

import json

import pytest

from bench.train import Turn, compare, main, mask_row, pad_batch, summarise

pytestmark = pytest.mark.slow  # it trains

ROW = {"input_ids": [5, 6, 7], "assistant_masks": [0, 1, 1]}


def test_a_row_is_masked_as_the_scripts_did():
    assert mask_row(ROW) == {"input_ids": [5, 6, 7], "labels": [-100, 6, 7]}


@pytest.mark.parametrize(("to_length", "width"), [(0, 3), (6, 6)])
def test_a_batch_is_padded_to_its_longest_row_or_to_a_length(to_length, width):
    short = mask_row({"input_ids": [8], "assistant_masks": [1]})
    batch = pad_batch([mask_row(ROW), short], 0, to_length)
    assert batch["input_ids"].shape == (2, width)
    assert (batch["labels"] != -100).sum(1).tolist() == [2, 1]
    assert batch["attention_mask"].sum(1).tolist() == [3, 1]


def test_ratios_are_of_medians():
    ours = summarise([Turn(1.0, 2.0, 100), Turn(2.0, 2.0, 100), Turn(1.0, 4.0, 100)])
    theirs = {"variant": "theirs"} | summarise([Turn(2.0, 4.0, 100)])
    assert ours["loss_tokens_per_s"] == 100
    assert compare(ours, theirs)["loss_tokens_per_s"] == 2.0


def test_a_short_run_measures_every_variant(tmp_path, capsys):
    out = tmp_path / "found.json"
    words = ["--rounds", "1", "--hidden", "16", "--layers", "1", "--threads", "1"]
    words += ["--sources", "", "--rows", "8"]
    rows = main([*words, "--out", str(out)])
    assert json.loads(out.read_text("utf-8"))["rows"] == rows
    assert [row["variant"] for row in rows[:2]] == ["Camelid, packed", "padded to the longest"]
    tokens = {row["loss_tokens"] for row in rows[:3]}
    assert len(tokens) == 1, "the variants have learned from different tokens"
    assert "Goal" in capsys.readouterr().out
