"""What this machine has: checks that need nothing but the machine and the settings."""

import hashlib
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backend.benchmarks import FILES, FOLDER, Download
from backend.settings import Settings

State = Literal["ok", "warning", "problem"]
Which = Callable[[str], str | None]

OLDEST_PYTHON = (3, 11)
LITTLE_MEMORY_MB = 500
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
GPU_WORDS = ("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
GPU_S = 10


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what to do if it isn't well."""

    name: str
    state: State
    found: str
    remedy: str = ""


def check_machine(settings: Settings, which: Which = shutil.which) -> Iterator[Check]:
    """Yield the checks of a machine, one after another. Nothing is changed."""
    yield check_python(platform.python_version_tuple())
    yield check_disk(find_parent(settings.data), settings)
    yield check_memory()
    yield check_gpu(which)
    yield check_chromium(which)
    yield check_downloads(settings.data)


def check_python(version: Sequence[str]) -> Check:
    """Look whether Python is new enough."""
    found, oldest = ".".join(version), ".".join(map(str, OLDEST_PYTHON))
    if tuple(int(part) for part in version[:2]) < OLDEST_PYTHON:
        return Check("Python", "problem", found, f"Install Python {oldest} or newer.")
    return Check("Python", "ok", found)


def find_parent(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    folder = folder.resolve()
    while not folder.exists():
        folder = folder.parent
    return folder


def check_disk(
    folder: Path, settings: Settings, free: Callable[[Path], int] | None = None
) -> Check:
    """Look how much room there is for votes."""
    megabytes = (free(folder) if free else shutil.disk_usage(folder).free) / 1e6
    found = f"{megabytes:,.0f} MB free"
    if megabytes < settings.stop_disk_megabytes:
        return Check("Disk", "problem", found, "Make room now: no further pairs are shown.")
    if megabytes < settings.low_disk_megabytes:
        return Check("Disk", "warning", found, "Make room: imports and backups wait until then.")
    return Check("Disk", "ok", found)


def check_memory(source: Path = Path("/proc/meminfo")) -> Check:
    """Look how much memory is left; only Linux tells."""
    try:
        lines = source.read_text("ascii").splitlines()
    except OSError:
        return Check("Memory", "ok", "this system does not tell")
    sizes = {line.partition(":")[0]: int(line.split()[1]) / 1000 for line in lines}
    left, all_of_it = sizes["MemAvailable"], sizes["MemTotal"]
    found = f"{left:,.0f} MB of {all_of_it:,.0f} MB available"
    if left < LITTLE_MEMORY_MB:
        return Check("Memory", "warning", found, "Stop other programs, or pictures may fail.")
    return Check("Memory", "ok", found)


def check_gpu(which: Which = shutil.which) -> Check:
    """Look for a GPU by its own tool; nothing heavy is imported for that."""
    tool = which(GPU_WORDS[0])
    if tool is None:
        return Check("GPU", "ok", "none found; votes and figures need none")
    try:
        told = subprocess.run(  # noqa: S603 - words of ours, a program found on the path
            [tool, *GPU_WORDS[1:]], capture_output=True, text=True, timeout=GPU_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        remedy = "Run nvidia-smi to see why; votes and figures need no GPU."
        return Check("GPU", "warning", "nvidia-smi is here and fails", remedy)
    return Check("GPU", "ok", "; ".join(told.strip().splitlines()) or "none in nvidia-smi's list")


def check_chromium(which: Which = shutil.which) -> Check:
    """Look for the browser that draws pictures."""
    for name in BROWSERS:
        path = which(name)
        if path:
            return Check("Chromium", "ok", path)
    remedy = "Install it to write png, svg or pdf (on Debian: apt install chromium)."
    return Check("Chromium", "warning", "not found; html and csv work without", remedy)


def check_downloads(folder: Path, registry: Sequence[Download] = FILES) -> Check:
    """Look whether published files that were fetched are the right ones."""
    there = [(entry, folder / FOLDER / entry.file) for entry in registry]
    there = [(entry, path) for entry, path in there if path.is_file()]
    wrong = [path for entry, path in there if hash_path(path) != entry.sha256]
    if wrong:
        names = ", ".join(path.name for path in wrong)
        remedy = f"Move it out of {folder / FOLDER} and fetch it again."
        return Check("Downloads", "problem", f"not what was published: {names}", remedy)
    if not there:
        return Check("Downloads", "ok", "none yet")
    return Check("Downloads", "ok", f"{len(there)} of {len(registry)} known files, as published")


def hash_path(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
