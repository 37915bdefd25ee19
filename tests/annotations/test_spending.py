import sqlite3
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.spending import LedgerPurse, spent_today
from backend.errors import InputError, NotFound, Refused
from tests.ledgers import open_store

NOON = 1_700_049_600.0  # 2023-11-15 12:00 UTC
DAY = 86400.0


class Clock:
    """Time that stands still until it is set."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    with open_store(tmp_path, clock=clock) as store:
        yield store


@pytest.fixture
def purse(store):
    return LedgerPurse(store)


def test_money_is_set_aside_before_a_call_and_settled_after_it(store, purse):
    reservation = purse.reserve("gpt-4", 0.30, 1)
    assert spent_today(store, "gpt-4") == 0.30
    purse.settle(reservation, 0.01)
    assert spent_today(store, "gpt-4") == 0.01


def test_a_call_whose_cost_nobody_knows_counts_whole(store, purse):
    purse.settle(purse.reserve("gpt-4", 0.30, 1), None)
    assert spent_today(store, "gpt-4") == 0.30


def test_what_would_pass_the_cap_is_refused_and_nothing_is_set_aside(store, purse):
    purse.reserve("gpt-4", 0.70, 1)
    with pytest.raises(Refused, match="cap"):
        purse.reserve("gpt-4", 0.31, 1)
    assert spent_today(store, "gpt-4") == 0.70
    purse.reserve("gpt-4", 0.30, 1)


def test_tenths_of_a_dollar_fill_a_cap_of_one_dollar(purse):
    for _ in range(10):
        purse.reserve("gpt-4", 0.1, 1)
    with pytest.raises(Refused):
        purse.reserve("gpt-4", 0.000001, 1)


def test_a_cap_of_nothing_lets_nothing_be_spent(purse):
    with pytest.raises(Refused, match="cap is 0"):
        purse.reserve("gpt-4", 0.01, 0)
    purse.reserve("gpt-4", 0, 0)


def test_a_card_has_a_cap_of_its_own(store, purse):
    purse.reserve("gpt-4", 1, 1)
    purse.reserve("gpt-3.5", 1, 1)
    assert spent_today(store, "gpt-3.5") == 1


def test_a_new_day_begins_at_midnight_utc(store, purse, clock):
    reservation = purse.reserve("gpt-4", 1, 1)
    clock.now = NOON + DAY / 2 - 1
    with pytest.raises(Refused):
        purse.reserve("gpt-4", 1, 1)
    clock.now = NOON + DAY / 2
    purse.reserve("gpt-4", 1, 1)
    purse.settle(reservation, 0)  # counts for the day on which it was set aside
    assert spent_today(store, "gpt-4") == 1


def test_money_of_a_call_that_a_crash_cut_off_stays_spent(tmp_path, clock):
    with open_store(tmp_path, clock=clock) as store:
        LedgerPurse(store).reserve("gpt-4", 0.9, 1)
    with open_store(tmp_path, clock=clock) as store:
        assert spent_today(store, "gpt-4") == 0.9
        with pytest.raises(Refused):
            LedgerPurse(store).reserve("gpt-4", 0.2, 1)


def test_a_reservation_is_settled_once(store, purse):
    reservation = purse.reserve("gpt-4", 1, 1)
    purse.settle(reservation, 0.5)
    purse.settle(reservation, 0)
    assert spent_today(store, "gpt-4") == 0.5
    for change in ("spent_nano_usd = 0", "reserved_nano_usd = 0", "card = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match="settled once"), store.write() as db:
            db.execute(f"UPDATE reservation SET {change}")


def test_money_is_never_forgotten(store, purse):
    purse.reserve("gpt-4", 1, 1)
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"), store.write() as db:
        db.execute("DELETE FROM reservation")


def test_more_than_was_set_aside_counts_too(store, purse):
    purse.settle(purse.reserve("gpt-4", 0.5, 1), 1.5)
    assert spent_today(store, "gpt-4") == 1.5


@pytest.mark.parametrize("usd", [-1, float("nan"), float("inf"), 1e9])
def test_what_is_no_amount_of_money_is_refused(purse, usd):
    with pytest.raises(InputError, match="no amount of money"):
        purse.reserve("gpt-4", usd, 1)


def test_an_unknown_reservation_is_not_settled(purse):
    with pytest.raises(NotFound, match="number 7"):
        purse.settle(7, 0)


def test_calls_at_the_same_time_don_t_pass_the_cap(store, purse):
    refused = []

    def spend():
        for _ in range(20):
            try:
                purse.reserve("gpt-4", 0.03, 1)
            except Refused as error:
                refused.append(error)

    threads = [Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spent_today(store, "gpt-4") == pytest.approx(0.99)
    assert len(refused) == 80 - 33


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(0, 0.4), st.none() | st.floats(0, 1)), max_size=12))
def test_what_is_set_aside_never_passes_the_cap(tmp_path_factory, calls):
    with open_store(tmp_path_factory.mktemp("ledger")) as store:
        store._writer.execute("PRAGMA synchronous=OFF")
        purse = LedgerPurse(store)
        for wanted, share in calls:
            before = spent_today(store, "gpt-4")
            try:
                reservation = purse.reserve("gpt-4", wanted, 1)
            except Refused:
                assert before + wanted > 1 - 1e-8
                continue
            assert spent_today(store, "gpt-4") <= 1
            purse.settle(reservation, None if share is None else wanted * share)
