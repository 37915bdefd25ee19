"""What a job's trainer on pairs is put together from, and what is refused before that."""

import pytest

from backend.errors import InputError
from tests.training.quick import make_job, make_recipe
from training.recipe import Lora
from training.run.load import find_base
from training.run.parts import gather_parts, make_table

pytestmark = pytest.mark.slow


def gather(data, recipe):
    job = make_job(data, recipe, n_items=10)
    return gather_parts(job, recipe, find_base(job, recipe))


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("reward", {"chosen_ids", "rejected_ids"}),
        ("preference", {"prompt_ids", "chosen_ids", "rejected_ids"}),
    ],
)
def test_pairs_become_rows_split_by_item(tmp_path, kind, columns):
    parts = gather(tmp_path, make_recipe(kind, lora=Lora()))
    assert (len(parts.rows), len(parts.held_out)) == (24, 6)
    assert set(parts.rows[0]) == columns
    assert parts.adapter.task_type == ("SEQ_CLS" if kind == "reward" else "CAUSAL_LM")


@pytest.mark.parametrize(("share", "strategy"), [(0.2, "epoch"), (0, "no")])
def test_held_out_pairs_are_looked_at_where_there_are_any(tmp_path, share, strategy):
    parts = gather(tmp_path, make_recipe("reward", eval_share=share))
    assert parts.settings["eval_strategy"] == strategy
    assert parts.settings["max_length"] is None


def test_a_single_item_can_t_be_split_and_is_trained_on(tmp_path):
    recipe = make_recipe("reward")
    job = make_job(tmp_path, recipe, n_items=1)
    parts = gather_parts(job, recipe, find_base(job, recipe))
    assert (len(parts.rows), parts.settings["eval_strategy"]) == (3, "no")


def test_pairs_that_are_all_too_long_are_refused_and_not_dropped_in_silence(tmp_path):
    with pytest.raises(InputError, match="train"):
        gather(tmp_path, make_recipe("reward", max_length=20))


def test_a_table_has_the_columns_asked_for_and_no_other():
    rows = [{"chosen_ids": [1, 2], "rejected_ids": [3], "margin": 2.0}]
    table = make_table(rows, ("chosen_ids", "rejected_ids"))
    assert table.to_dict() == {"chosen_ids": [[1, 2]], "rejected_ids": [[3]]}
