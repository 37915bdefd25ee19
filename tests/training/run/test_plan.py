"""How a run is laid out on a machine that is told, not asked."""

import json
import struct

import pytest

from backend.errors import InputError, MissingTool, NotFound
from training.devices import Gpu, Machine
from training.jobs import create_job
from training.orders import Order
from training.recipe import Recipe, Tiny
from training.report import Report
from training.run.memory import LIBRARIES
from training.run.plan import plan_run

CPU = Machine(n_cores=2)
GPUS = (Gpu(0), Gpu(1), Gpu(2), Gpu(3))
TINY = Tiny(hidden=32, layers=2, heads=2, context=128, vocabulary=300)
LENGTHS = [40] * 64
ELSEWHERE = {"kind": "openai", "base_url": "https://example.org", "model": "m", "path": None}


def plan(tmp_path, machine, recipe=None, **words):
    rows = tmp_path / "rows.json"
    rows.write_text('[{"instruction": "Q", "output": "A"}]', "utf-8")
    recipe = recipe or Recipe(name="r", title="R", kind="sft", tiny=TINY, global_batch=32, epochs=2)
    job = create_job(tmp_path / "data", Order("", "r", **words), recipe, [rows], shelf="looks")
    report = Report(n_examples=len(LENGTHS), n_tokens=sum(LENGTHS), longest=40)
    return plan_run(report, job, recipe, LENGTHS, 300, machine)


def test_one_cpu_accumulates_the_whole_batch(tmp_path):
    found = plan(tmp_path, CPU)
    assert (found.device_batch, found.accumulation, found.n_devices) == (4, 8, 1)
    assert (found.n_steps, found.effective_batch, found.on_gpu) == (4, 32, False)
    assert found.flops == 6.0 * found.n_parameters * 2 * sum(LENGTHS)


def test_two_processes_on_a_cpu_share_the_batch_and_not_the_weights(tmp_path):
    found = plan(tmp_path, CPU, n_processes=2)
    assert (found.accumulation, found.n_devices, found.effective_batch) == (4, 2, 32)
    assert found.memory_parts["weights (4 bytes each)"] == 4 * found.n_parameters


def test_four_gpus_share_the_weights_too(tmp_path):
    found = plan(tmp_path, Machine(GPUS), devices=(0, 1, 2, 3))
    assert (found.accumulation, found.n_devices, found.on_gpu) == (2, 4, True)
    assert found.memory_parts["weights (4 bytes each, over 4 devices)"] == found.n_parameters


def test_several_machines_count_as_one(tmp_path):
    """Also before one of them has its number: whoever looks knows the order alone."""
    words = {"devices": (0, 1, 2, 3), "n_machines": 2, "main_ip": "10.0.0.1"}
    found = plan(tmp_path, Machine(GPUS), **words)
    assert (found.n_devices, found.accumulation, found.effective_batch) == (8, 1, 32)


def test_a_cpu_reckons_in_full_precision(tmp_path):
    parts = plan(tmp_path, CPU).memory_parts
    assert not any("copy of the weights" in words for words in parts)


def test_the_process_itself_counts_where_it_shares_the_memory(tmp_path):
    alone, beside = plan(tmp_path, CPU), plan(tmp_path, Machine(GPUS), devices=(0,))
    assert alone.memory_bytes == sum(alone.memory_parts.values()) > LIBRARIES
    assert beside.memory_bytes < LIBRARIES


def test_packing_shares_rows(tmp_path):
    recipe = Recipe(
        name="r", title="R", kind="sft", tiny=TINY, packing=True, max_length=128,
        global_batch=8, epochs=1,
    )  # fmt: skip
    found = plan(tmp_path, CPU, recipe)
    assert (found.n_sequences, found.n_steps) == (22, 3)


def write_base(tmp_path, **card):
    folder = tmp_path / "data" / "models"
    folder.mkdir(parents=True)
    told = {"kind": "local", "name": "base", "path": "weights/base"} | card
    (folder / "base.json").write_text(json.dumps(told), "utf-8")


def test_a_base_on_the_shelf_has_the_sizes_of_its_folder(tmp_path):
    write_base(tmp_path)
    folder = tmp_path / "data" / "weights" / "base"
    folder.mkdir(parents=True)
    config = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
    config |= {"intermediate_size": 16, "vocab_size": 50, "max_position_embeddings": 99}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    head = json.dumps({"w": {"shape": [50, 8]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(1600))
    (folder / "tokenizer.json").write_text("{}")
    recipe = Recipe(name="r", title="R", kind="sft", base="base")
    found = plan(tmp_path, CPU, recipe)
    assert (found.n_parameters, found.context) == (400, 99)


@pytest.mark.parametrize(
    ("card", "error"),
    [
        (None, NotFound),
        ({}, MissingTool),
        (
            {"kind": "openai", "base_url": "https://example.org", "model": "m", "path": None},
            InputError,
        ),
    ],
)
def test_a_base_that_can_not_be_trained_on_is_named(tmp_path, card, error):
    if card is not None:
        write_base(tmp_path, **card)
        path = tmp_path / "data" / "models" / "base.json"
        told = {k: v for k, v in json.loads(path.read_text()).items() if v is not None}
        path.write_text(json.dumps(told), "utf-8")
    with pytest.raises(error, match="base"):
        plan(tmp_path, CPU, Recipe(name="r", title="R", kind="sft", base="base"))


def test_an_adapter_is_refused_before_a_start(tmp_path):
    write_base(tmp_path)
    folder = tmp_path / "data" / "weights" / "base"
    folder.mkdir(parents=True)
    for name in ("adapter_config.json", "config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="only an adapter"):
        plan(tmp_path, CPU, Recipe(name="r", title="R", kind="sft", base="base"))
