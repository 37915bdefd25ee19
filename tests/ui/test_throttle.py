"""How often one address may try."""

from ui.throttle import MAX_ADDRESSES, Throttle


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_an_address_waits_after_its_last_try_and_others_do_not():
    clock = Clock()
    throttle = Throttle(3, 60, clock)
    for _ in range(3):
        assert throttle.wait_s("a") == 0
        throttle.count("a")
    assert throttle.wait_s("a") == 60
    assert throttle.wait_s("b") == 0


def test_the_window_slides():
    clock = Clock()
    throttle = Throttle(2, 60, clock)
    throttle.count("a")
    clock.now = 50
    throttle.count("a")
    assert throttle.wait_s("a") == 10
    clock.now = 60
    assert throttle.wait_s("a") == 0


def test_many_addresses_do_not_fill_the_memory():
    throttle = Throttle(2, 60, Clock())
    for number in range(MAX_ADDRESSES + 500):
        throttle.count(str(number))
    assert len(throttle._tries) <= MAX_ADDRESSES
