"""Power cuts, simulated: what a disk may have kept when the current goes, at any moment.

A recorder under a writing process notes every write, flush, cut and deletion. Played back up to a
random moment, what was flushed is there; what was not is missing, there in part, or torn between
sectors. Trusted are flushes, and names in folders being kept in order, as on ext4 with an honest
disk; a disk that lies about its flushes is not simulated.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from annotations.annotators import enrol_invited
from annotations.assignment import save_ballot, take_next
from annotations.store import FILE_NAME, Store
from annotations.studies import set_status
from backend.records import CHOICES, CRITERIA, Ballot
from tests.ledgers import make_study

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("powercut.c")
ACKNOWLEDGED = "acknowledged"
LEDGER = (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-journal")
SECTOR = 512
N_ITEMS, N_PEOPLE = 100, 3


def write_ballots(folder, synchronous, checkpoint):
    """Vote as fast as it goes, and note each ballot once it is acknowledged."""
    chance = random.Random(1)
    with Store(folder, purpose="voting") as store:
        store._writer.execute(f"PRAGMA synchronous={synchronous}")
        store._writer.execute(f"PRAGMA wal_autocheckpoint={checkpoint}")
        study = set_status(store, "study", "open", "test")
        people = [enrol_invited(store, study, f"CODE{n}", "en") for n in range(N_PEOPLE)]
        noted = os.open(folder / ACKNOWLEDGED, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in range(N_ITEMS * N_PEOPLE):
            person = people[number % N_PEOPLE]
            ticket = take_next(store, study, person).task.ticket
            choices = {name: chance.choice(CHOICES) for name in CRITERIA}
            save_ballot(store, person, ticket, Ballot(choices, f"comment {number}"))
            os.write(noted, f"{json.dumps([ticket.rpartition('.')[0], choices])}\n".encode())


@dataclass
class File:
    """A file on a disk: what was flushed, and what was done since."""

    flushed: bytearray = field(default_factory=bytearray)
    since: list = field(default_factory=list)

    def flush(self):
        for change in self.since:
            apply(self.flushed, *change)
        self.since.clear()

    def survive(self, how, chance):
        """What of the file may be there after the cut."""
        pieces = {"dropped": [], "half": self.since, "torn": tear(self.since)}[how]
        kept = bytearray(self.flushed)
        for change in pieces:
            if chance.random() < 0.5:
                apply(kept, *change)
        return kept


def tear(changes):
    """The same changes, each write in as many pieces as it has sectors."""
    for kind, offset, data in changes:
        for start in range(0, len(data) or 1, SECTOR):
            yield kind, offset + start, data[start : start + SECTOR]


def apply(content, kind, offset, data):
    """Change a file's content as a write or a cut does."""
    if kind == "t":
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def read_log(path):
    """All that was recorded, in order: (kind, name, number, bytes)."""
    records = []
    with path.open("rb") as log:
        while line := log.readline():
            kind, name, first, second = line.decode().split()
            data = log.read(int(second)) if kind == "w" else b""
            records.append((kind, name, int(first), data))
    return records


class Disk:
    """A folder as its disk would have it, played forward record by record."""

    def __init__(self, folder):
        self.files = {
            name: File(bytearray((folder / name).read_bytes()))
            for name in LEDGER
            if (folder / name).exists()
        }
        self.acknowledged = []

    def play(self, kind, name, number, data):
        if name == ACKNOWLEDGED and kind == "w":
            self.acknowledged.extend(json.loads(line) for line in data.decode().splitlines())
        if name not in LEDGER:
            return
        assert kind in "wtsu", f"{kind} {name}: nobody renames a ledger that is open"
        file = self.files.setdefault(name, File())
        if kind == "s":
            file.flush()
        elif kind == "u":
            del self.files[name]
        else:
            file.since.append((kind, number, data))

    def cut(self, folder, how, chance):
        """Leave behind what the disk may have after the current went."""
        folder.mkdir(mode=0o700)
        for name, file in self.files.items():
            (folder / name).write_bytes(file.survive(how, chance))


def count_lost(folder, acknowledged):
    """Open the ledger as the app would, and count the acknowledged ballots that are not there."""
    sql = """SELECT g.lease_token, json_group_object(v.criterion, v.choice) AS votes
        FROM assignment g JOIN ballot b USING(assignment_id) JOIN vote v USING(ballot_id)
        GROUP BY b.ballot_id"""
    with Store(folder, purpose="after the cut") as store:
        assert [tuple(row) for row in store.rows("PRAGMA integrity_check")] == [("ok",)]
        stored = {row["lease_token"]: json.loads(row["votes"]) for row in store.rows(sql)}
    assert all(set(votes) == set(CRITERIA) for votes in stored.values())
    return sum(stored.get(token) != choices for token, choices in acknowledged)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory):
    """The recorder, compiled."""
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed, so no power cut can be recorded (apt-get install gcc)")
    library = tmp_path_factory.mktemp("recorder") / "powercut.so"
    words = ["gcc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl", "-lpthread"]
    subprocess.run(words, check=True)
    return library


def record_ballots(recorder, tmp_path, synchronous, checkpoint):
    """The disk as it was at the start, and all that was done to it until the end."""
    folder, log = tmp_path / "data", tmp_path / "log"
    with Store(folder, purpose="test") as store:
        make_study(store, n_items=N_ITEMS, quota=N_ITEMS)
    disk = Disk(folder)
    subprocess.run(
        [sys.executable, __file__, folder, synchronous, str(checkpoint)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LD_PRELOAD": str(recorder),
            "POWERCUT_FOLDER": str(folder),
            "POWERCUT_LOG": str(log),
        },
        check=True,
    )
    return disk, read_log(log)


def cut_often(disk, records, tmp_path, n_cuts):
    """Cut the current `n_cuts` times in each of three ways; return the ballots lost each time."""
    chance = random.Random(n_cuts)
    first = next(n for n, record in enumerate(records) if record[1] == ACKNOWLEDGED)
    moments = set(chance.sample(range(first, len(records)), n_cuts))
    lost = []
    for number, record in enumerate(records):
        disk.play(*record)
        if number in moments:
            for how in ("dropped", "half", "torn"):
                folder = tmp_path / f"{number}-{how}"
                disk.cut(folder, how, chance)
                lost.append(count_lost(folder, disk.acknowledged))
                shutil.rmtree(folder)
    return lost


@pytest.mark.parametrize("checkpoint", [1000, 30])
def test_no_acknowledged_ballot_is_lost_in_a_power_cut(recorder, tmp_path, checkpoint):
    disk, records = record_ballots(recorder, tmp_path, "FULL", checkpoint)
    lost = cut_often(disk, records, tmp_path, 31)
    assert len(disk.acknowledged) == N_ITEMS * N_PEOPLE
    assert lost == [0] * 93


def test_the_control_without_a_flush_at_each_commit_ballots_are_lost(recorder, tmp_path):
    disk, records = record_ballots(recorder, tmp_path, "NORMAL", 1000)
    lost = cut_often(disk, records, tmp_path, 10)
    assert sum(n > 0 for n in lost) > 20
    assert max(lost) > 20


if __name__ == "__main__":
    write_ballots(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
