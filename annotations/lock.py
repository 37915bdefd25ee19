"""One process writes in a data folder: a lock that the kernel frees, however the holder ends."""

import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from backend.errors import LockedError

LOCK_NAME = "camelid.lock"


class FolderLock:
    """The write lock of a data folder, held until `release` or until the process ends."""

    def __init__(self, folder: Path, purpose: str) -> None:
        """Take the lock at once.

        Errors: LockedError that names the holder's process, purpose and start.
        """
        self._file: IO[str] = (folder / LOCK_NAME).open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = self._read_holder()
            self._file.close()
            raise LockedError(
                f"The data folder {folder} is being written by {holder}. "
                "Stop that process first, or do this in its pages; nothing was changed."
            ) from error
        self._write_holder(purpose)

    def _read_holder(self) -> str:
        self._file.seek(0)
        try:
            holder = json.loads(self._file.read())
            return f"process {holder['pid']} ({holder['purpose']}, since {holder['since']})"
        except (ValueError, KeyError, TypeError):  # it is between truncating and writing
            return "another process"

    def _write_holder(self, purpose: str) -> None:
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        self._file.truncate(0)
        self._file.write(json.dumps({"pid": os.getpid(), "purpose": purpose, "since": since}))
        self._file.flush()

    def release(self) -> None:
        """Give the lock back."""
        self._file.truncate(0)
        self._file.close()
