"""What begins when the app answers: the queue, and on a fresh folder the demo's models."""

from dataclasses import replace

import pytest
import uvicorn

from backend.settings import Settings
from training.demo import DEMOS
from ui.server import make_context
from ui.terminal.host import Host, begin

pytestmark = pytest.mark.slow  # it imports Gradio


class Notebook:
    """A workshop that only writes down what it is asked to do."""

    def __init__(self):
        self.orders, self.starts = [], 0

    def list(self):
        return []

    def create(self, order):
        self.orders.append(order.name)

    def start(self):
        self.starts += 1


@pytest.mark.parametrize(
    "fresh, words, ordered",
    [
        (True, {}, [demo.name for demo in DEMOS]),
        (False, {}, []),
        (True, {"demo": False}, []),
        (True, {"demo_models": False}, []),
    ],
)
def test_models_are_ordered_for_a_fresh_folder_that_wants_them(
    store, capsys, fresh, words, ordered
):
    settings = Settings(**{"data": store.folder, "demo_models": True} | words)
    workshop = Notebook()
    begin(replace(make_context(settings, store), workshop=workshop), None, fresh=fresh)
    assert (workshop.orders, workshop.starts) == (ordered, 1)
    assert ("Two tiny models" in capsys.readouterr().out) == bool(ordered)


def test_who_works_on_an_answer_is_told_before_the_server_waits_for_it():
    told = []

    async def answer(scope, receive, send):
        """Nobody asks."""

    def stop():
        server.should_exit = True

    config = uvicorn.Config(answer, port=0, lifespan="off", log_level="error")
    server = Host(config, stop, lambda: told.append(bool(server.servers)))
    server.run()
    assert told == [True]
