"""How a run will be laid out on this machine: its batch, its steps, its memory and its disk."""

import shutil
from collections.abc import Sequence
from dataclasses import replace

from training.devices import Machine, choose_devices, count_processes, read_machine
from training.launch import Parallel, choose_parallel
from training.orders import Job
from training.recipe import Recipe
from training.report import Report
from training.run.batches import Batch, count_sequences, count_steps, plan_batch
from training.run.memory import (
    LIBRARIES,
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
    n_devices = count_processes(job.order, devices) * job.order.n_machines
    parallel = choose_parallel(recipe, n_devices, on_gpu=bool(devices))
    seen = recipe if devices else recipe.model_copy(update={"precision": "fp32"})  # a CPU's numbers
    batch = plan_batch(recipe, 1 if parallel == "one" else n_devices)
    report = plan_steps(report, seen, lengths, batch)
    report = plan_room(report, seen, find_shape(job, recipe, n_words), batch, parallel)
    free = shutil.disk_usage(job.folder).free
    report = replace(report, free_bytes=free, on_gpu=bool(devices))
    return report if devices else add_process(report)


def plan_steps(report: Report, recipe: Recipe, lengths: Sequence[int], batch: Batch) -> Report:
    """Return the report with what a step is, and how many there are."""
    n_sequences = count_sequences(lengths, recipe)
    return replace(
        report,
        n_sequences=n_sequences,
        device_batch=batch.device_batch,
        accumulation=batch.accumulation,
        n_devices=batch.n_devices,
        effective_batch=batch.size,
        n_steps=count_steps(n_sequences, batch, recipe) if n_sequences else 0,
    )


def plan_room(
    report: Report, recipe: Recipe, shape: Shape, batch: Batch, parallel: Parallel
) -> Report:
    """Return the report, whose steps are known, with what it takes of the machine."""
    load = plan_load(recipe, batch, report.longest)
    parts = estimate_memory(shape, recipe, load, parallel, batch.n_devices)
    epochs = report.n_steps / max(1, count_steps(report.n_sequences, batch, one_epoch(recipe)))
    return replace(
        report,
        n_parameters=shape.n_parameters,
        n_trained=count_trained(shape, recipe),
        context=shape.context,
        flops=estimate_flops(shape, recipe, round(report.n_tokens * epochs)),
        memory_bytes=sum(parts.values()),
        memory_parts=parts,
        offload_bytes=estimate_offload(shape, recipe, parallel),
        disk_bytes=estimate_disk(shape, recipe, report.n_steps),
    )


def add_process(report: Report) -> Report:
    """Return the report with the process itself, which a CPU's numbers share their memory with."""
    parts = report.memory_parts | {"the process and its libraries": LIBRARIES}
    return replace(report, memory_parts=parts, memory_bytes=sum(parts.values()))


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
