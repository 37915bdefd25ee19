"""What happens to a server whose engine has died, and what a folder is for."""

import asyncio
from types import SimpleNamespace

import pytest

from backend.worker.options import read_options
from backend.worker.server import find_role, watch_engine
from tests.backend.worker.fakes import FakeEngine
from tests.tiny import make_llama, make_reward


def test_a_dead_engine_ends_the_server_after_a_while():
    ended = []
    engine = FakeEngine()
    engine.alive, engine.cause = False, "out of memory"
    why = asyncio.run(watch_engine(engine, lambda: ended.append(1), 0.05))
    assert "out of memory" in why and ended == [1]


@pytest.mark.parametrize("engine", [None, FakeEngine(), SimpleNamespace(alive=True, cause="")])
def test_a_living_one_does_not(engine):
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(watch_engine(engine, lambda: None, 0.01), 0.1))


def test_an_engine_that_comes_back_is_left_alone():
    async def go():
        engine = FakeEngine()
        engine.alive = False
        watching = asyncio.create_task(watch_engine(engine, lambda: None, 0.2))
        await asyncio.sleep(0.1)
        engine.alive = True
        await asyncio.sleep(0.2)
        assert not watching.done()
        watching.cancel()

    asyncio.run(go())


@pytest.mark.parametrize(("make", "role"), [(make_llama, "chat"), (make_reward, "reward")])
def test_the_config_says_what_a_folder_is_for(tmp_path, make, role):
    assert find_role(read_options(["--model", str(make(tmp_path))], {})) == role
