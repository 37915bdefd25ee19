"""The keeper: makes backups while votes come in, in a thread of its own."""

import logging
import threading
from pathlib import Path
from types import TracebackType

from annotations.backups import make_backup
from annotations.store import Store
from backend.errors import CamelidError

log = logging.getLogger(__name__)


class Keeper:
    """Makes a backup every so often, if anything was written since the last one.

    Used as a context: it starts on the way in and has stopped on the way out.
    Units: `pause_s` in seconds; 0 means never.
    """

    def __init__(self, store: Store, pause_s: float) -> None:
        """Keep one ledger; nothing is started yet."""
        self.store = store
        self.pause_s = pause_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._seen: int | None = None

    def keep(self) -> Path | None:
        """Make a backup if the ledger was written to since the last one.

        Edge: a backup that fails is said in the log and tried again next time; votes go on.
        """
        version = int(self.store.rows("PRAGMA data_version")[0][0])
        if version == self._seen:
            return None
        try:
            made = make_backup(self.store)
        except CamelidError as error:
            log.warning("No backup was made; votes are still saved. %s", error)
            return None
        self._seen = version
        return made

    def _run(self) -> None:
        while not self._stopped.wait(self.pause_s):
            self.keep()

    def __enter__(self) -> "Keeper":
        """Start, unless backups are switched off."""
        if self.pause_s > 0:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; a backup that is being made is finished first."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
