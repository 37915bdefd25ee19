"""Weights from the Hugging Face Hub: one pinned commit, and no file that holds a program.

A fetch is all or nothing: files go to a hidden folder beside the place where they belong, where a
fetch that was cut off goes on, and are moved when all are there and are what the hub says.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from backend.errors import Conflict, InputError, MissingTool, NotFound
from backend.keyring import select_harmless
from backend.registry.cards import NAME, LocalCard
from backend.registry.files import PICKLES, SAFETENSORS, WORDS, Free, check_room, measure_free, pick
from backend.registry.readiness import WEIGHTS
from backend.registry.shelf import add_card, find_card, list_cards

REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
COMMIT = re.compile(r"[0-9a-f]{40}")
HOME = Path(__file__).parents[2]  # where `-m backend.…` is found from
CHILD = "backend.registry.hub"
# What the child may know besides what every child may: who we are, and the way out.
ASKING = frozenset(
    {"HF_TOKEN", "HF_ENDPOINT", "HF_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
)
ONLINE: Mapping[str, str] = MappingProxyType(
    {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1"}
)


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a repository. `sha256` is empty for small files, which the hub doesn't hash."""

    size: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One commit of a repository, and the files in it."""

    commit: str
    files: Mapping[str, HubFile]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought: the card as it is now, where the weights are, what is to be done."""

    card: LocalCard
    folder: Path
    n_bytes: int
    needs_converting: bool


class Hub(Protocol):
    """Where weights come from. What fails is a MissingTool that says why in a few words."""

    def look(self, repo: str, revision: str) -> Snapshot:
        """Return what is in a repository at a revision; an empty one is the newest."""

    def download(self, repo: str, commit: str, names: list[str], folder: Path) -> None:
        """Fetch the named files of a commit into a folder; what is there already stays."""


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """The Hugging Face Hub, asked by a child process that knows what `environ` has for it."""

    environ: Mapping[str, str]

    def look(self, repo: str, revision: str) -> Snapshot:
        """Return what is in a repository at a revision; an empty one is the newest."""
        told = self.ask({"do": "look", "repo": repo, "revision": revision})
        return Snapshot(told["commit"], {name: HubFile(*of) for name, of in told["files"].items()})

    def download(self, repo: str, commit: str, names: list[str], folder: Path) -> None:
        """Fetch the named files of a commit into a folder; what is there already stays."""
        where = {"names": names, "folder": str(folder.absolute())}
        self.ask({"do": "download", "repo": repo, "commit": commit, **where})

    def ask(self, job: Mapping[str, object]) -> dict[str, Any]:
        """Let the child do one job, and return what it told."""
        passed = {name: value for name, value in self.environ.items() if name in ASKING}
        done = subprocess.run(  # noqa: S603 - words of ours, no shell
            [sys.executable, "-m", CHILD],
            cwd=HOME,
            env={**select_harmless(self.environ.items()), **passed, **ONLINE},
            input=json.dumps(job).encode(),
            stdout=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise MissingTool(f"the program that asks the hub ended with code {done.returncode}")
        told: dict[str, Any] = json.loads(done.stdout)
        if "error" in told:
            raise MissingTool(told["error"])
        return told


def fetch_weights(
    data: Path,
    wanted: str,
    hub: Hub,
    *,
    revision: str = "",
    free: Free = measure_free,
) -> Fetched:
    """Fetch the weights of a card, or of a repository that gets a card, and pin the commit.

    `wanted` is a card's name or `owner/name`; `revision` a commit, tag or branch.
    Errors: NotFound, Conflict when weights are there already, MissingTool when the network, the
    disk or the repository stands in the way, InputError when what came is not what was published.
    """
    card = find_source(data, wanted)
    folder = data / WEIGHTS / card.name
    if folder.exists():
        raise Conflict(f"{folder} is there already. Move it away to fetch {card.repo} again.")
    try:
        snapshot = hub.look(card.repo, revision or card.revision)
    except MissingTool as error:
        raise explain_failure(card, folder, error) from error
    names = choose_files(card.repo, snapshot)
    partial = prepare_folder(folder, snapshot, names, free)
    try:
        hub.download(card.repo, snapshot.commit, names, partial)
    except MissingTool as error:
        raise explain_failure(card, folder, error) from error
    n_bytes = check_files(partial, names, snapshot)
    shutil.rmtree(partial / ".cache", ignore_errors=True)  # the hub's own notes
    partial.rename(folder)
    update = {"revision": snapshot.commit, "path": f"{WEIGHTS}/{card.name}"}
    card = card.model_copy(update=update)
    add_card(data, card)
    return Fetched(card, folder, n_bytes, bool(pick(names, PICKLES)))


def find_source(data: Path, wanted: str) -> LocalCard:
    """Return the card to fetch for; a repository without one gets a new card.

    Errors: NotFound; InputError for a card that has nothing to fetch, and for a wrong name.
    """
    if "/" not in wanted:
        card = find_card(data, wanted)
        if not isinstance(card, LocalCard) or not card.repo:
            raise InputError(f"{wanted} has nothing to fetch. {card.needs}".strip())
        return card
    name = wanted.partition("/")[2]
    if not REPO.fullmatch(wanted) or not NAME.fullmatch(name):
        raise InputError(f"{wanted[:120]!r} is not a repository's name. It looks like owner/name.")
    shelf = list_cards(data)
    for known in shelf:
        if isinstance(known.card, LocalCard) and known.card.repo == wanted:
            return known.card
    if any(known.name == name for known in shelf):
        raise Conflict(f"There is another model called {name}: `models remove {name}` first.")
    return LocalCard(name=name, repo=wanted, source=f"huggingface.co/{wanted}")


def choose_files(repo: str, snapshot: Snapshot) -> list[str]:
    """Return which files of a commit are weights, settings and the tokenizer, and nothing else.

    Edge: pickles (.bin) only where there are no safetensors; never a program.
    Errors: NotFound when the commit isn't pinned, or holds no weights.
    """
    if not COMMIT.fullmatch(snapshot.commit):
        raise NotFound(f"{repo} tells no commit, so that it can't be pinned.")
    weights = pick(snapshot.files, SAFETENSORS) or pick(snapshot.files, PICKLES)
    if not weights:
        raise NotFound(f"{repo} holds no weights in safetensors or .bin files at its top.")
    return weights + pick(snapshot.files, WORDS)


def prepare_folder(folder: Path, snapshot: Snapshot, names: list[str], free: Free) -> Path:
    """Return the hidden folder that a commit is fetched into.

    Errors: MissingTool when the disk has no room for it.
    """
    partial = folder.with_name(f".{folder.name}.{snapshot.commit[:12]}.part")
    partial.mkdir(parents=True, exist_ok=True)
    there = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    check_room(partial, sum(snapshot.files[name].size for name in names) - there, free)
    return partial


def check_files(folder: Path, names: list[str], snapshot: Snapshot) -> int:
    """Hold what came to what the hub told; return the bytes of it.

    Errors: InputError that names the first file which is another; it is thrown away.
    """
    for name in names:
        path, told = folder / name, snapshot.files[name]
        if path.is_symlink() or not path.is_file():
            raise InputError(f"{name} did not come. Try again; what came is kept.")
        if path.stat().st_size != told.size or (told.sha256 and hash_path(path) != told.sha256):
            path.unlink()
            raise InputError(f"{name} is not what was published, and was thrown away. Try again.")
    return sum(snapshot.files[name].size for name in names)


def hash_path(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def explain_failure(card: LocalCard, folder: Path, error: MissingTool) -> MissingTool:
    """Return why a fetch failed, and what can be done by hand."""
    return MissingTool(
        f"{card.repo} could not be fetched: {error}. Put its files (config.json, the tokenizer's "
        f"files, *.safetensors) into {folder} by hand, or try again; what came is kept."
    )
