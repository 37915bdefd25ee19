"""The child that asks the Hugging Face Hub: `python -m backend.registry.hub`, one job from stdin.

It is a process of its own because the app's is told to stay offline, for good. A job and its answer
are one JSON object each; what the hub's client has to show of its progress goes to stderr.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from errno import ENOSPC
from types import MappingProxyType
from typing import Any

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HTTPError, XetDownloadError  # type: ignore[attr-defined]

from backend.errors import MissingTool

TIMEOUT_S = 30
STATUSES: Mapping[int, str] = MappingProxyType(
    {
        401: "there is no such repository, or it wants a token in HF_TOKEN",
        403: "its owner has to let you in first",
        404: "there is no such repository or revision",
    }
)


def main() -> int:
    """Do one job and print its answer; return the exit code."""
    job = json.load(sys.stdin)
    act = look_up if job.pop("do") == "look" else download_files
    try:
        with explain_faults():
            told = act(**job)
    except MissingTool as error:
        told = {"error": str(error)}
    except KeyboardInterrupt:
        return 130
    json.dump(told, sys.stdout)
    return 0


def look_up(repo: str, revision: str) -> dict[str, Any]:
    """Return the commit that a revision is, and size and sha256 of each file in it."""
    told = HfApi().model_info(
        repo, revision=revision or None, files_metadata=True, timeout=TIMEOUT_S
    )
    files = {
        file.rfilename: [file.size or 0, file.lfs.sha256 if file.lfs else ""]
        for file in told.siblings or []
    }
    return {"commit": told.sha or "", "files": files}


def download_files(repo: str, commit: str, names: list[str], folder: str) -> dict[str, Any]:
    """Fetch the named files of a commit into a folder; what is there already is not fetched."""
    snapshot_download(
        repo, revision=commit, local_dir=folder, allow_patterns=names, etag_timeout=TIMEOUT_S
    )
    return {}


@contextmanager
def explain_faults() -> Iterator[None]:
    """Say in a few words why the hub did not give what it was asked for."""
    try:
        yield
    except (HTTPError, XetDownloadError, OSError, ValueError, LookupError) as error:
        raise MissingTool(explain_fault(error)) from error


def explain_fault(error: Exception) -> str:
    """Return why the hub did not give what it was asked for."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return STATUSES.get(status, f"the hub answered {status}")
    if getattr(error, "errno", None) == ENOSPC:
        return "the disk is full"
    return "the hub can't be reached"


if __name__ == "__main__":
    sys.exit(main())
