"""What forbids a start, and what is only said."""

from dataclasses import replace

import pytest

from backend.registry.readiness import has_module
from training.recipe import Recipe
from training.report import Report
from training.run.faults import find_faults, find_mismatch, find_warnings

RECIPE = Recipe(name="r", title="R", kind="sft", max_length=512, global_batch=128)
WELL = Report(
    n_rows=100, n_examples=100, effective_batch=128, on_gpu=True, context=2048, free_bytes=10
)  # fmt: skip


def name_faults(refusals=(), **changes):
    report = Report(**{name: getattr(WELL, name) for name in WELL.__slots__} | changes)
    return list(find_faults(report, RECIPE, refusals))


def name_warnings(**changes):
    report = Report(**{name: getattr(WELL, name) for name in WELL.__slots__} | changes)
    return list(find_warnings(report, RECIPE))


def test_where_all_is_well_nothing_is_said():
    assert name_faults() == []
    assert name_warnings() == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"n_examples": 0}, "Nothing is left to train on"),
        ({"n_masked": 5}, "5 of 105 rows (4.8%) have no loss left"),
        ({"context": 256}, "max_length 512 is more than the 256 tokens"),
        ({"disk_bytes": 11}, "Make room, or set keep=1"),
    ],
)
def test_each_fault_is_a_sentence_that_says_what_to_do(changes, told):
    (fault,) = name_faults(**changes)
    assert told in fault


def test_another_template_than_the_base_answers_with_is_told():
    (warning,) = find_mismatch(RECIPE, "vicuna_v1.1")
    assert "Set template to vicuna_v1.1" in warning
    assert not [*find_mismatch(RECIPE, RECIPE.template), *find_mismatch(RECIPE, "")]


def test_quantised_weights_are_refused_before_the_start_where_they_can_not_be():
    recipe = RECIPE.model_copy(update={"quantisation": "4bit"})
    (fault,) = find_faults(replace(WELL, on_gpu=False), recipe, ())
    assert "4bit need a GPU" in fault
    told = ["pip install bitsandbytes" in fault for fault in find_faults(WELL, recipe, ())]
    assert told == ([] if has_module("bitsandbytes") else [True])


def test_a_share_that_holds_nothing_out_is_said():
    recipe = RECIPE.model_copy(update={"eval_share": 0.1})
    assert "Nothing is held out" in "".join(find_warnings(WELL, recipe))


def test_a_few_rows_without_loss_are_let_pass():
    assert name_faults(n_masked=1) == []


def test_rows_that_no_template_takes_forbid_it_when_they_are_many():
    (fault,) = name_faults(["row 3: two answers in a row.", "row 4: so too."])
    assert fault.startswith("2 rows don't fit the template alpaca; row 3: two answers")
    assert name_faults(["row 3: only one of a hundred."]) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"effective_batch": 132, "n_devices": 3}, "A step sees 132 and not 128"),
        ({"effective_batch": 129, "device_batch": 3}, "they come 3 at a time"),
        ({"n_empty": 3}, "3 of 100 rows answer nothing"),
        ({"share_truncated": 0.3}, "30% of the sequences are cut off"),
        ({"skipped": {"longer than max_length": 50}}, "33% are left out: max_length 512"),
        ({"on_gpu": False}, "It trains in fp32"),
        ({"offload_bytes": 5_000_000_000}, "5.0 GB over all its devices"),
    ],
)
def test_each_warning_says_what_happens(changes, told):
    (warning,) = name_warnings(**changes)
    assert told in warning


def test_a_wish_to_offload_that_one_gpu_can_not_fulfil_is_said():
    (warning,) = find_warnings(WELL, RECIPE.model_copy(update={"offload": True}))
    assert "takes several GPUs" in warning
