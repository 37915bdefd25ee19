"""Writes that share a commit: all on disk when they return, each undone by itself."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from annotations.store import Store
from backend.errors import LedgerError, Refused


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path, purpose="test") as store:
        yield store


def note(text, n=1):
    """Work that leaves so many events."""

    def work(db):
        for _ in range(n):
            db.execute(
                "INSERT INTO event(at, actor, kind, detail) VALUES (0, 'x', ?, '{}')", (text,)
            )
        return text

    return work


def read_notes(store):
    return [row[0] for row in store.rows("SELECT kind FROM event WHERE actor = 'x'", ())]


class Slow:
    """Work that says when it has begun, and waits."""

    def __init__(self):
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, db):
        self.begun.set()
        assert self.go_on.wait(10)


def share_behind(store, works):
    """Let all of them wait for one that is slow; return how each ended, and how many commits."""
    slow, commits = Slow(), []
    store._writer.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    with ThreadPoolExecutor(len(works) + 1) as pool:
        first = pool.submit(store.share, slow)
        assert slow.begun.wait(10)
        ends = [pool.submit(store.share, work) for work in works]
        while len(store._commits._waiting) < len(works):
            pass
        slow.go_on.set()
        first.result(10)
        return [end.exception(10) or end.result() for end in ends], len(commits)


def test_work_is_on_disk_when_it_returns(store):
    assert store.share(note("one")) == "one"
    with sqlite3.connect(store.path) as other:
        assert other.execute("SELECT count(*) FROM event WHERE kind = 'one'").fetchone() == (1,)
    other.close()


def test_all_who_wait_share_one_commit(store):
    ends, n_commits = share_behind(store, [note(str(number)) for number in range(8)])
    assert (sorted(ends), n_commits) == (sorted("01234567"), 2)
    assert sorted(read_notes(store)) == sorted("01234567")


def test_what_fails_by_itself_is_undone_alone(store):
    def refuse(db):
        note("half", 3)(db)
        raise Refused("Not this one.")

    def break_rule(db):
        note("half", 3)(db)
        db.execute("INSERT INTO event(at) VALUES (NULL)")

    ends, _ = share_behind(store, [note("before"), refuse, break_rule, note("after")])
    assert [type(end) for end in ends] == [str, Refused, sqlite3.IntegrityError, str]
    assert sorted(read_notes(store)) == ["after", "before"]


def test_where_the_commit_fails_everybody_hears_of_it(store):
    def break_all(db):
        raise sqlite3.OperationalError("disk I/O error")

    ends, _ = share_behind(store, [note("lost"), break_all, note("lost too")])
    assert [type(end) for end in ends] == [LedgerError] * 3
    assert read_notes(store) == []


def test_after_a_failure_the_next_work_is_written(store):
    with pytest.raises(Refused):
        store.share(lambda db: (_ for _ in ()).throw(Refused("Not this one.")))
    assert store.share(note("next")) == "next"
