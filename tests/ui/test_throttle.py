"""How often one address, or one person, may do something."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ui.throttle import MAX_KEYS, Throttle, find_network


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_key_waits_after_its_last_try_and_others_do_not():
    throttle = Throttle(3, 60, Clock())
    assert [throttle.take("a") for _ in range(4)] == [0, 0, 0, 60]
    assert throttle.take("b") == 0


def test_the_window_slides_and_a_refused_try_does_not_count():
    clock = Clock()
    throttle = Throttle(2, 60, clock)
    throttle.take("a")
    clock.now = 50
    throttle.take("a")
    assert [throttle.take("a") for _ in range(5)] == [10] * 5
    clock.now = 60
    assert throttle.take("a") == 0


def test_a_try_that_was_given_back_does_not_count():
    throttle = Throttle(1, 60, Clock())
    for _ in range(5):
        assert throttle.take("a") == 0
        throttle.give_back("a")
    throttle.give_back("nobody")


def test_tries_side_by_side_are_counted_one_by_one():
    throttle = Throttle(5, 60, Clock())
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(throttle.take, ["a"] * 200))
    assert waits.count(0) == 5


def test_many_keys_do_not_fill_the_memory_and_whoever_is_busy_is_remembered():
    throttle = Throttle(2, 60, Clock())
    for number in range(MAX_KEYS + 500):
        throttle.take(str(number))
        throttle.take("busy")
    assert len(throttle._tries) <= MAX_KEYS
    assert throttle.take("busy") > 0


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_household_is_one_place_whatever_address_it_takes(host, network):
    assert find_network(host) == network
