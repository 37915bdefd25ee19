"""The keeper: backups while votes come in, and no trouble for votes when one fails."""

import time

from annotations.backups import list_backups
from annotations.keeper import Keeper
from annotations.space import Space
from tests.ledgers import add_ballot, make_study, open_store

CHOICES = ("left", "tie", "right")


def test_a_backup_is_made_only_when_something_was_written(store, study):
    keeper = Keeper(store, 0)
    assert keeper.keep() is not None
    assert keeper.keep() is None
    add_ballot(store, CHOICES)
    assert keeper.keep() is not None
    assert keeper.keep() is None


def test_backups_are_made_by_themselves_until_the_end(store, study):
    with Keeper(store, 0.05) as keeper:
        until = time.monotonic() + 20
        while not list_backups(store.folder):
            assert time.monotonic() < until
            time.sleep(0.02)
    assert not keeper._thread.is_alive()
    add_ballot(store, CHOICES)
    last = list_backups(store.folder)
    time.sleep(0.2)
    assert list_backups(store.folder) == last


def test_no_pause_means_no_backups(store, study):
    with Keeper(store, 0) as keeper:
        assert not keeper._thread.is_alive()


def test_a_backup_that_fails_is_said_and_votes_go_on(tmp_path, caplog):
    free = [50_000_000]
    space = Space(500, 10, read_free=lambda folder: free[0])
    with open_store(tmp_path, space=space) as store:
        make_study(store)
        keeper = Keeper(store, 0)
        assert keeper.keep() is None
        assert "No backup was made; votes are still saved. Only 50 MB are free" in caplog.text
        add_ballot(store, CHOICES)
        free[0] = 10**12
        assert keeper.keep() is not None
