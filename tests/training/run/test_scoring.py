"""Held-out pairs are measured once each, by one process or by two."""

import json
import os
import subprocess
from dataclasses import replace

import pytest
import torch

from tests.training.quick import make_job, make_recipe
from training.devices import read_machine
from training.launch import ROOT, build_command, write_config
from training.run.scoring import measure_held_out, score_pairs


class Line:
    """A trainer whose batches are numbers, and whose model doubles them."""

    def __init__(self, *batches):
        self.eval_dataset = self.batches = batches
        self.model_wrapped = torch.nn.Module()
        self.accelerator = self

    def get_eval_dataloader(self):
        return [
            {"high": torch.tensor(high), "low": torch.tensor(low)} for high, low in self.batches
        ]

    def _prepare_inputs(self, batch):
        return batch

    def compute_loss_context_manager(self):
        return torch.no_grad()

    def gather_for_metrics(self, scores):
        return scores


def double(model, inputs):
    assert not model.training
    return 2 * inputs["high"], 2 * inputs["low"]


@pytest.mark.slow
def test_scores_come_in_order_and_the_model_goes_on_as_it_was():
    line = Line(([1.0, 2.0], [0.5, 3.0]), ([4.0], [4.0]))
    assert score_pairs(line, double) == ([2.0, 4.0, 8.0], [1.0, 6.0, 8.0])
    assert line.model_wrapped.training
    told = measure_held_out(line, double)["held_out"]
    assert (told["n_pairs"], told["n_ties"], told["accuracy"]) == (3, 1, pytest.approx(1 / 3))


def train(data, kind, n_processes):
    """Train in processes of their own; return what was measured, and the losses."""
    recipe = make_recipe(kind, max_steps=6, eval_share=0.15, device_batch=4, log_steps=1)
    job = make_job(data, recipe)
    job = replace(job, order=replace(job.order, n_processes=n_processes))
    machine = read_machine()
    write_config(job, recipe, machine)
    words = build_command(job, machine)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run(words, cwd=ROOT, env=environ, check=True, capture_output=True)
    facts = json.loads((data / "checkpoints" / recipe.name / "model.json").read_text())
    lines = [json.loads(line) for line in (job.folder / "metrics.jsonl").read_text().splitlines()]
    return facts["metrics"]["held_out"], [line["loss"] for line in lines if "loss" in line]


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["reward", "preference"])
def test_two_processes_learn_and_measure_as_one(tmp_path, kind):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    (one, losses), (two, others) = (
        train(folder, kind, n) for n, folder in enumerate(folders, start=1)
    )
    assert one["n_pairs"] == two["n_pairs"] == 27  # which two processes can't share evenly
    assert two["margin_deciles"] == pytest.approx(one["margin_deciles"], abs=1e-4)
    assert others == pytest.approx(losses, abs=1e-4)
