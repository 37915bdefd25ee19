"""The arguments of every trainer."""

import pytest

from backend.errors import InputError
from tests.training.toys import TOY, make_job
from training.report import Report
from training.run.frame import (
    check_report,
    count_processes,
    is_sharded,
    make_arguments,
    make_batches,
    make_callbacks,
    make_precision,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("n_processes", "device", "accumulation"), [(1, 4, 32), (4, 4, 8), (64, 2, 1), (3, 4, 11)]
)
def test_a_global_batch_is_cut_by_devices(n_processes, device, accumulation):
    recipe = TOY.model_copy(update={"global_batch": 128, "device_batch": 4})
    words = make_batches(recipe, n_processes)
    assert words["per_device_train_batch_size"] == device
    assert words["gradient_accumulation_steps"] == accumulation


def test_a_cpu_computes_in_fp32_whatever_the_recipe_says():
    words = make_precision(TOY.model_copy(update={"precision": "bf16", "tf32": True}), gpu=False)
    assert (words["use_cpu"], words["bf16"], words["fp16"]) == (True, False, False)
    assert "tf32" not in words


@pytest.mark.parametrize(
    ("precision", "bf16", "fp16"), [("bf16", True, False), ("fp16", False, True), ("fp32", 0, 0)]
)
def test_a_gpu_computes_as_the_recipe_says(precision, bf16, fp16):
    words = make_precision(TOY.model_copy(update={"precision": precision}), gpu=True)
    assert (words["bf16"], words["fp16"]) == (bf16, fp16)


def test_arguments_say_what_the_recipe_says_and_ask_nobody(tmp_path):
    recipe = TOY.model_copy(update={"warmup": 0.04, "schedule": "constant_with_warmup", "seed": 7})
    words = make_arguments(make_job(tmp_path), recipe, Report())
    assert (words["warmup_steps"], words["lr_scheduler_type"]) == (0.04, "constant_with_warmup")
    assert (words["seed"], words["data_seed"]) == (7, 7)
    assert (words["report_to"], words["push_to_hub"], words["eval_strategy"]) == (
        "none",
        False,
        "no",
    )


def test_held_out_rows_are_looked_at_where_there_are_some(tmp_path):
    words = make_arguments(make_job(tmp_path), TOY, Report(n_held_out=3))
    assert words["eval_strategy"] == "epoch"


def test_what_watches_knows_the_share_of_tokens_that_carry_loss(tmp_path):
    report = Report(n_tokens=200, n_loss_tokens=50)
    recorder, *others = make_callbacks(make_job(tmp_path), TOY, report)
    assert recorder.loss_share == 0.25
    assert len(others) == 3


def test_faults_of_the_report_forbid_the_start():
    check_report(Report())
    with pytest.raises(InputError, match=r"First\. Second\."):
        check_report(Report(faults=("First.", "Second.")))


def test_the_launcher_tells_how_many_there_are_and_who_shards():
    assert (count_processes({}), count_processes({"WORLD_SIZE": "4"})) == (1, 4)
    assert (is_sharded({}), is_sharded({"ACCELERATE_USE_FSDP": "true"})) == (False, True)
