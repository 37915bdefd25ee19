"""GPUs that are lent: who is served on them is told why it can't be."""

import pytest

from backend.loans import Loan, find_device
from backend.registry.cards import LocalCard


def make_card(device):
    return LocalCard(name="tiny", path="weights", device=device)


@pytest.mark.parametrize(
    ("device", "number"), [("cpu", None), ("auto", 0), ("cuda", 0), ("cuda:0", 0), ("cuda:12", 12)]
)
def test_card_is_served_on_the_gpu_that_it_names_or_the_first(device, number):
    assert find_device(make_card(device)) == number


@pytest.mark.parametrize(
    ("device", "devices", "lent"),
    [("auto", (), False), ("auto", (0,), True), ("cpu", (0,), False), ("cuda:1", (0, 2), False)],
)
def test_only_cards_on_a_lent_gpu_are_refused(device, devices, lent):
    why = Loan(devices, "model is being trained on it").explain(make_card(device))
    assert bool(why) == lent
    assert not lent or "GPU 0: model is being trained on it." in why
