"""How long a start takes: from `python app.py` to the first page, against a bare `import gradio`.

Measured: wall and CPU seconds (a) of `python -c "import gradio"`, (b) from starting `python app.py`
on an empty folder to the first answer 200 of the page on which annotators join, the demo study put
in on the way, (c) the same on a folder that is there already. The median of --runs runs, the kinds
in turn, and the difference to (a). Then where the import spends its time: own time of each package
(`python -X importtime`), the eight largest of the app, beside what a bare Gradio pays for the same.

Goal: at most 3 s more than the bare import.

    python -m bench.start [--runs 5] [--out FILE]
"""

import argparse
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from bench.process import QUIET, ROOT
from bench.report import Row, describe_machine, make_parser, report

BARE = "import gradio"
WHOLE = "import app, ui.terminal.host"
IMPORT_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s*([\w.]+)")
N_PACKAGES = 8
PATIENCE_S = 120


def find_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_process(words: Sequence[str], **more: object) -> subprocess.Popen[bytes]:
    """Start Python."""
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, **QUIET},
        stdout=subprocess.DEVNULL,
        **more,  # type: ignore[call-overload]
    )


def time_import() -> tuple[float, float]:
    """Return wall and CPU seconds of a bare import of Gradio."""
    start = time.perf_counter()
    process = start_process(["-c", BARE])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def time_start(folder: Path) -> tuple[float, float]:
    """Return wall and CPU seconds until the app answers; then stop it."""
    port = find_port()
    start = time.perf_counter()
    process = start_process(["app.py", "--data", str(folder), "serve", "--port", str(port)])
    try:
        wait_for_page(process, port)
        took, cpu = time.perf_counter() - start, read_children_cpu(process.pid)
    finally:
        process.terminate()
        process.wait()
    return took, cpu


def read_children_cpu(pid: int) -> float:
    """Return the CPU seconds of a process that runs, or 0 where the system does not tell."""
    try:
        from bench.process import read_cpu  # noqa: PLC0415

        return read_cpu(pid)
    except OSError:
        return 0.0


def wait_for_page(process: subprocess.Popen[bytes], port: int) -> None:
    """Return when the page for annotators answers 200. Errors: RuntimeError when it never does."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/join")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError(f"The app did not answer (it ended with {process.poll()}).")


def list_imports(statement: str) -> dict[str, float]:
    """Return the own seconds of each package that a statement imports."""
    words = [sys.executable, "-X", "importtime", "-c", statement]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, **QUIET}, capture_output=True, text=True, check=True
    )
    seconds: dict[str, float] = defaultdict(float)
    for microseconds, name in IMPORT_LINE.findall(done.stderr):
        seconds[name.partition(".")[0]] += int(microseconds) / 1e6
    return seconds


def list_largest() -> list[Row]:
    """Return the packages that the app's import spends most on."""
    ours, bare = list_imports(WHOLE), list_imports(BARE)
    largest = sorted(ours, key=lambda name: -ours[name])[:N_PACKAGES]
    rows = [
        {
            "what": f"import {name}",
            "wall_s": round(ours[name], 2),
            "bare_s": round(bare.get(name, 0), 2),
        }
        for name in largest
    ]
    total = {"wall_s": round(sum(ours.values()), 2), "bare_s": round(sum(bare.values()), 2)}
    return [{"what": "import, all packages", **total}, *rows]


def measure(runs: int) -> list[Row]:
    """Return the medians of the three starts, taken in turn."""
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "data"
            kinds: dict[str, Callable[[], tuple[float, float]]] = {
                "bare import gradio": time_import,
                "app, new folder with demo": lambda: time_start(folder),  # noqa: B023
                "app, folder that is there": lambda: time_start(folder),  # noqa: B023
            }
            for what, act in kinds.items():
                times[what].append(act())
    rows = [
        {
            "what": what,
            "runs": runs,
            "wall_s": round(median(wall for wall, _ in found), 2),
            "cpu_s": round(median(cpu for _, cpu in found), 2),
        }
        for what, found in times.items()
    ]
    for row in rows[1:]:
        row["more_than_bare_s"] = round(row["wall_s"] - rows[0]["wall_s"], 2)
    return rows


def main(words: Sequence[str] | None = None) -> list[Row]:
    """Measure, and show the table."""
    parser = make_parser(__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-imports", action="store_true", help="leave out where the time goes")
    asked: argparse.Namespace = parser.parse_args(words)
    machine = describe_machine()
    rows = measure(asked.runs)
    if not asked.no_imports:
        rows += list_largest()
    report(asked, rows, machine)
    return rows


if __name__ == "__main__":
    main()
