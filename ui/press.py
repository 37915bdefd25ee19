"""The press: draws figures as pictures with a Chromium that stays open between two of them.

To start Chromium takes seconds, to draw with it some tenths of one. It goes when nothing was drawn
for a while, and when the press is closed.
"""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import plotly.graph_objects as go

from backend.errors import MissingTool

IDLE_S = 600.0  # an open Chromium takes a few hundred MB
DRAW_S = 120.0
PNG_SCALE = 2.0  # sharp in print and on dense screens


class Job(NamedTuple):
    """Pictures to draw, and where to say that they are there."""

    pictures: list[dict[str, Any]]
    done: Future[None]


class Life:
    """One Chromium from its start to its end, in a thread with an event loop of its own."""

    def __init__(self, options: dict[str, Any], idle_s: float, first: Job) -> None:
        """Start with a job."""
        self.options = options
        self.idle_s = idle_s
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.jobs.put(first)
        self.mutex = threading.Lock()
        self.over = False
        self.thread = threading.Thread(target=self.run, name="press", daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Live; whatever ends the life is told to whoever waits."""
        try:
            asyncio.run(self.work())
        except Exception as error:  # the thread's outermost edge
            self.refuse(error)
        else:
            self.refuse(MissingTool("Chromium was closed; try again."))

    async def work(self) -> None:
        """Draw until nothing comes any more."""
        from kaleido import Kaleido  # noqa: PLC0415 - 50 modules that only a picture needs

        from ui.chromium import Sealed  # noqa: PLC0415

        # what fails is told to whoever waits; Kaleido's tasks need not tell the log as well
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _what: None)
        async with Kaleido(browser_cls=Sealed, **self.options) as kaleido:
            while job := self.wait():
                try:
                    await kaleido.write_fig_from_object(job.pictures, cancel_on_error=True)
                except Exception as error:
                    job.done.set_exception(error)
                    raise  # who failed once is not asked again
                job.done.set_result(None)

    def wait(self) -> Job | None:
        """Return the next job, or None when it is time to go."""
        try:
            return self.jobs.get(timeout=self.idle_s)
        except Empty:
            return None

    def refuse(self, error: Exception) -> None:
        """Tell everybody who still waits why nothing comes."""
        with self.mutex:
            self.over = True
            while not self.jobs.empty():
                job = self.jobs.get()
                if job is not None:
                    job.done.set_exception(error)

    def offer(self, job: Job) -> bool:
        """Take another job, and say whether there is still life for it."""
        with self.mutex:
            if not self.over:
                self.jobs.put(job)
            return not self.over

    def end(self) -> None:
        """Close Chromium, after the picture that is being drawn."""
        self.jobs.put(None)
        self.thread.join(DRAW_S)


class Press:
    """Draws pictures, one after another. `chromium` is the browser; None looks for one."""

    def __init__(self, chromium: Path | None = None, idle_s: float = IDLE_S) -> None:
        """Start nothing yet."""
        self._options: dict[str, Any] = {"n": 1, "mathjax": False}  # no script from elsewhere
        if chromium is not None:
            self._options["path"] = str(chromium)
        self._idle_s = idle_s
        self._mutex = threading.Lock()
        self._life: Life | None = None

    def draw(self, paths: Mapping[str, Path], figure: go.Figure) -> None:
        """Write a figure to a file for each format, png, svg or pdf.

        Errors: MissingTool when there is no Chromium.
        """
        from kaleido.errors import ChromeNotFoundError  # noqa: PLC0415

        pictures = list_pictures(paths, figure)
        with self._mutex:
            warm = self._life is not None
            try:
                self._give(pictures)
            except ChromeNotFoundError as error:
                raise MissingTool(
                    f"Chromium is not on this machine, and {', '.join(paths)} need it. Install "
                    "it (on Debian: apt install chromium). The formats html and csv work without."
                ) from error
            except Exception:
                if not warm:
                    raise
                self._give(pictures)  # the one that was open had gone

    def _give(self, pictures: list[dict[str, Any]]) -> None:
        job = Job(pictures, Future())
        if self._life is None or not self._life.offer(job):
            self._life = Life(self._options, self._idle_s, job)
        try:
            job.done.result(DRAW_S)
        except BaseException:
            self._life = None
            raise

    def close(self) -> None:
        """Close Chromium, if it is open."""
        with self._mutex:
            life, self._life = self._life, None
            if life is not None:
                life.end()

    def __enter__(self) -> "Press":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def list_pictures(paths: Mapping[str, Path], figure: go.Figure) -> list[dict[str, Any]]:
    """Return what Kaleido is asked for, a picture each."""
    size = {"width": figure.layout.width, "height": figure.layout.height}
    return [
        {
            "fig": figure.to_dict(),
            "path": path,
            "opts": {**size, "format": name, "scale": PNG_SCALE if name == "png" else 1.0},
        }
        for name, path in paths.items()
    ]
