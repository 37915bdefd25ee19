"""Watches a run that asks a model: says how it is getting on until it ends or is stopped."""

import asyncio
import shutil
import signal
from typing import TextIO, TypeVar

from annotations.errands import Pace
from annotations.rounds import Round

PAUSE_S = 5.0  # between lines that go into a file
LIVELY_S = 0.5  # between changes of the line on a screen
T = TypeVar("T")


async def watch(errand: Round[T], screen: TextIO) -> T:
    """Carry out an errand, and say how it is getting on until it ends or is stopped."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    telling = asyncio.create_task(tell(errand, screen, stop))
    try:
        return await errand.carry_out(stop, quitting=lambda: False)
    finally:
        telling.cancel()
        if screen.isatty():
            print_line(screen, say_pace(errand.find_pace()), "\n")


async def tell(errand: Round[T], screen: TextIO, stop: asyncio.Event) -> None:
    """Write how an errand is getting on: on one line of a screen, or a line now and then.

    Edge: after `stop`, what is under way may still take some seconds.
    """
    lively = screen.isatty()
    said = ""
    while True:
        await asyncio.sleep(LIVELY_S if lively else PAUSE_S)
        words = say_pace(errand.find_pace()) + (", stopping" if stop.is_set() else "")
        if words != said:
            print_line(screen, words, "" if lively else "\n")
            said = words


def print_line(screen: TextIO, words: str, end: str) -> None:
    """Write a line; on a screen it stands in place of the one before, and is cut to its width."""
    n = shutil.get_terminal_size().columns - 1
    screen.write(f"\r{words[:n]:<{n}}{end}" if screen.isatty() else f"{words}{end}")
    screen.flush()


def say_pace(pace: Pace) -> str:
    """Return how far a run is, in a few words."""
    done = f"{pace.n_done:,} of {pace.n_wanted:,}"
    if pace.rate is None or pace.left_s is None:
        return f"{done}, {pace.note or 'waiting for the first answer'}"
    failed = f", {pace.n_failed:,} failed" if pace.n_failed else ""
    money = f", ${pace.cost_usd:,.2f}" if pace.cost_usd is not None else ""
    note = f", {pace.note}" if pace.note else ""
    return f"{done}, {pace.rate:.2f} a second, {say_left(pace.left_s)} left{failed}{money}{note}"


def say_left(seconds: float) -> str:
    """Return a time as hours, minutes and seconds."""
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"
