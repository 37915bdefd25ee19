"""How a run will be laid out on this machine: its batch, its steps, its memory and its disk."""

import shutil
from collections.abc import Sequence
from dataclasses import replace

from training.devices import Machine, choose_devices, count_processes, read_machine
from training.launch import choose_parallel
from training.orders import Job
from training.recipe import Recipe
from training.report import Report
from training.run.batches import count_sequences, count_steps, plan_batch
from training.run.memory import (
    count_trained,
    estimate_disk,
    estimate_flops,
    estimate_memory,
    estimate_offload,
    plan_load,
)
from training.run.reading import locate_base
from training.run.shapes import Shape, read_shape, shape_tiny


def plan_run(
    report: Report,
    job: Job,
    recipe: Recipe,
    lengths: Sequence[int],
    n_words: int,
    machine: Machine | None = None,
) -> Report:
    """Return the report with batch, steps, memory and disk filled in.

    Units: `lengths` in tokens, of the rows in their order; `n_words` is the vocabulary's size.
    """
    machine = machine or read_machine()
    devices = choose_devices(job.order, recipe, machine)
    n_nodes = machine.nodes.count if machine.nodes else 1
    n_devices = count_processes(job.order, devices) * n_nodes
    parallel = choose_parallel(recipe, n_devices, on_gpu=bool(devices))
    n_devices = 1 if parallel == "one" else n_devices
    seen = recipe if devices else recipe.model_copy(update={"precision": "fp32"})  # a CPU's numbers
    shape = find_shape(job, recipe, n_words)
    batch = plan_batch(recipe, n_devices)
    n_sequences = count_sequences(lengths, recipe)
    n_steps = count_steps(n_sequences, batch, recipe) if n_sequences else 0
    load = plan_load(recipe, batch, report.longest)
    parts = estimate_memory(shape, seen, load, parallel, n_devices)
    away = estimate_offload(shape, seen, parallel)
    share = n_steps / max(1, count_steps(n_sequences, batch, one_epoch(recipe)))
    return replace(
        report,
        n_sequences=n_sequences,
        device_batch=batch.device_batch,
        accumulation=batch.accumulation,
        n_devices=n_devices,
        effective_batch=batch.size,
        n_steps=n_steps,
        n_parameters=shape.n_parameters,
        n_trained=count_trained(shape, recipe),
        context=shape.context,
        flops=estimate_flops(shape, recipe, round(report.n_tokens * share)),
        memory_bytes=sum(parts.values()),
        memory_parts=parts,
        offload_bytes=away,
        disk_bytes=estimate_disk(shape, seen, n_steps),
        free_bytes=shutil.disk_usage(job.folder).free,
        on_gpu=bool(devices),
    )


def one_epoch(recipe: Recipe) -> Recipe:
    """Return the recipe for once through the data."""
    return recipe.model_copy(update={"epochs": 1.0, "max_steps": 0})


def find_shape(job: Job, recipe: Recipe, n_words: int) -> Shape:
    """Return the sizes of the model that is trained.

    Errors: NotFound, InputError or MissingTool when the base is none that can be.
    """
    if recipe.tiny:
        return shape_tiny(recipe.tiny, recipe.kind, n_words)
    return read_shape(locate_base(job, recipe))
