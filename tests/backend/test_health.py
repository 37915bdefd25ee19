"""A worker is as well as its /health says."""

import pytest
from pydantic import SecretStr

from backend.health import ask_health
from tests.upstream import FAULTS, Scene, serve

KEY = SecretStr("key")


@pytest.mark.parametrize(("status", "health"), [(200, "well"), (401, "well"), (503, "sick")])
def test_worker_is_as_well_as_it_says(status, health):
    with serve(Scene(status=status, raw=b"{}")) as upstream:
        assert ask_health(upstream.url, KEY) == health
    assert upstream.asked[0].headers["authorization"] == "Bearer key"


def test_busy_worker_is_well():
    with serve(FAULTS["hang"]) as upstream:
        assert ask_health(upstream.url, KEY, answer_s=0.1) == "well"


def test_worker_that_hangs_up_is_gone():
    with serve(FAULTS["cut before headers"]) as upstream:
        assert ask_health(upstream.url, KEY) == "gone"


def test_closed_port_is_gone():
    with serve() as upstream:
        pass
    assert ask_health(upstream.url, KEY) == "gone"
