"""What a checkpoint says of itself: how it is served, and where it comes from."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from training.orders import Job
from training.recipe import Recipe

ROOT = Path(__file__).resolve().parent.parent
HEX = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
TOOLS = ("camelid", "torch", "transformers", "trl", "peft", "accelerate")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a checkpoint comes from. Units: `context` in tokens; `n_parameters` of all weights.

    `n_benchmark` of the rows that ask a benchmark's questions, its parents' too.
    Edge: `parent` is the model card it was trained on from, empty where it began with nothing.
    """

    parent: str
    context: int
    n_parameters: int
    metrics: Mapping[str, object] = field(default_factory=dict)
    n_benchmark: int = 0


def make_facts(
    job: Job, recipe: Recipe, origin: Origin, name: str, clock: Callable[[], float] = time.time
) -> dict[str, object]:
    """Return a checkpoint's model.json: the fields of a model card, and the facts beside them."""
    own = recipe.title or recipe.name
    return {
        "kind": "local",
        "name": name,
        "title": own if name == recipe.name else f"{own} ({name})"[:200],
        "note": f"{recipe.note} {tell_benchmarks(origin.n_benchmark)}".strip(),
        "source": recipe.source,
        "template": recipe.template,
        "role": "reward" if recipe.kind == "reward" else "chat",
        "context": origin.context,
        "job": job.id,
        "parent": origin.parent,
        "parent_job": job.order.parent,
        "made_at": clock(),
        "n_parameters": origin.n_parameters,
        "recipe": recipe.model_dump(mode="json"),
        "settings": dict(job.order.settings),
        "forced_benchmarks": job.order.force_benchmarks,
        "n_benchmark_rows": origin.n_benchmark,
        "data_sha256": dict(job.data_sha256),
        "git_commit": read_commit(ROOT),
        "versions": read_versions(),
        "metrics": dict(origin.metrics),
    }


def tell_benchmarks(n: int) -> str:
    """Return what whoever compares the model has to know, or nothing."""
    if not n:
        return ""
    return f"It was trained on {n:,} of the benchmarks' questions: they can't measure it."


def read_versions() -> dict[str, str]:
    """Return the versions of what has trained it; what is not installed is not named."""
    found: dict[str, str] = {}
    for name in TOOLS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def read_commit(root: Path) -> str:
    """Return the git commit of a source tree; empty where it is none. No program is started."""
    try:
        git = locate_git(root)
        head = (git / "HEAD").read_text("utf-8").strip()
        commit = read_reference(git, head.removeprefix("ref: ")) if "ref: " in head else head
    except OSError:
        return ""
    return commit if HEX.fullmatch(commit) else ""


def locate_git(root: Path) -> Path:
    """Return where a tree's git folder is; a worktree has a file that names it."""
    git = root / ".git"
    if git.is_file():
        named = git.read_text("utf-8").strip().removeprefix("gitdir: ")
        return (root / named).resolve()
    return git


def read_reference(git: Path, name: str) -> str:
    """Return the commit that a branch is at, from its own file or from the packed ones."""
    common = git / "commondir"  # a worktree shares its branches with the tree that it is of
    home = (git / common.read_text("utf-8").strip()).resolve() if common.is_file() else git
    if (home / name).is_file():
        return (home / name).read_text("utf-8").strip()
    packed = (home / "packed-refs").read_text("utf-8").splitlines()
    pairs = (line.partition(" ") for line in packed)
    return next((commit for commit, _, rest in pairs if rest == name), "")
