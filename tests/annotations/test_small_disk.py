"""A disk that is really full: a small file system of our own, in a mount namespace of our own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOUNT = 'mount -t tmpfs -o size=3m tmpfs "$1"'

# Fills the disk before a ballot is saved, says what came of it, makes room, and saves again.
PROGRAM = """
import sys
from pathlib import Path
from annotations.annotators import enrol_invited
from annotations.assignment import save_ballot, take_next
from annotations.store import Store
from annotations.studies import set_status
from backend.errors import LedgerError
from backend.records import CRITERIA, Ballot
from tests.ledgers import make_study

disk, ballast = Path(sys.argv[1]), Path(sys.argv[1], "ballast")
with Store(disk / "data", purpose="test") as store:
    make_study(store)
    person = enrol_invited(store, set_status(store, "study", "open", "test"), "ANN", "en")
    study = set_status(store, "study", "open", "test")
    ticket = take_next(store, study, person).task.ticket
    if sys.argv[2] == "full":
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
    ballot = Ballot(dict.fromkeys(CRITERIA, "left"), "x" * 1900)
    try:
        save_ballot(store, person, ticket, ballot)
        print("saved")
    except LedgerError as error:
        print("refused", len(store.rows("SELECT * FROM ballot")), error)
    ballast.unlink(missing_ok=True)
    print(save_ballot(store, person, ticket, ballot).n_saved,
          store.row("PRAGMA integrity_check")[0])
"""


def run_on_small_disk(folder, state):
    """Run the program on 3 MB of disk, and return the lines that it prints."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed, so no small disk can be made")
    unshare = ["unshare", "--mount", "sh", "-c"]
    tried = subprocess.run([*unshare, MOUNT, "sh", str(folder)], check=False, capture_output=True)
    if tried.returncode:
        pytest.skip("this user may not mount a small disk")
    run = subprocess.run(
        [*unshare, f'{MOUNT} && exec "$2" -c "$3" "$1" "$4"', "sh", str(folder), sys.executable,
         PROGRAM, state],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return run.stdout.splitlines()


def test_a_full_disk_takes_no_ballot_says_so_and_takes_it_when_there_is_room(tmp_path):
    refused, after = run_on_small_disk(tmp_path, "full")
    assert refused.startswith("refused 0 The ledger can't be written now")
    assert after == "1 ok"


def test_the_control_the_same_disk_with_room_takes_it_at_once(tmp_path):
    assert run_on_small_disk(tmp_path, "empty") == ["saved", "1 ok"]
