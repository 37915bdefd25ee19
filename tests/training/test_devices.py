"""GPUs are found by their own tool and given out by number."""

import pytest

from backend.errors import InputError
from tests.jobs import CPU, GPUS, make_recipe
from training.devices import (
    Gpu,
    Machine,
    ask_tool,
    choose_devices,
    count_cores,
    count_processes,
    read_machine,
)
from training.orders import Order

TOLD = "0, NVIDIA H100 80GB HBM3, 81559\n1, A, B, 24576\nNo devices were found\n"
BIG = make_recipe(tiny=None, base="llama-7b")


def test_tool_is_read_line_by_line():
    gpus = read_machine(lambda words: TOLD).gpus
    assert gpus == (
        Gpu(0, "NVIDIA H100 80GB HBM3", 81559 << 20),
        Gpu(1, "A, B", 24576 << 20),
    )


def test_machine_without_the_tool_has_no_gpu():
    assert read_machine(lambda words: "") == Machine((), count_cores())
    assert count_cores() >= 1


def test_tool_that_fails_says_nothing():
    assert ask_tool(["false"]) == ask_tool(["no-such-tool-here"]) == ""


@pytest.mark.parametrize(
    ("devices", "recipe", "machine", "found"),
    [
        ((), BIG, CPU, ()),
        ((), BIG, GPUS, (0, 1, 2, 3)),
        ((), make_recipe(), GPUS, ()),
        ((3, 1), make_recipe(), GPUS, (3, 1)),
    ],
)
def test_devices_are_those_ordered_or_all(devices, recipe, machine, found):
    order = Order("m", "r", devices=devices)
    assert choose_devices(order, recipe, machine) == found
    assert count_processes(order, found) == max(len(found), 1)


@pytest.mark.parametrize(
    ("devices", "machine", "words"),
    [((4,), GPUS, "GPUs 0, 1, 2, 3"), ((0,), CPU, "no GPU"), ((1, 1), GPUS, "twice")],
)
def test_devices_that_are_not_there_are_refused(devices, machine, words):
    with pytest.raises(InputError, match=words):
        choose_devices(Order("m", "r", devices=devices), BIG, machine)


def test_cpu_takes_as_many_processes_as_ordered():
    assert count_processes(Order("m", "r", n_processes=2), ()) == 2
