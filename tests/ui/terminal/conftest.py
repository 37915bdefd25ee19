"""The terminal as a person has it: words in, an exit code and text out."""

import pytest
from typer.testing import CliRunner

from annotations.demo import load_demo
from app import program
from tests.ledgers import open_store
from ui.wording import hash_wording


@pytest.fixture
def data(tmp_path):
    """The data folder of `camelid`."""
    return tmp_path / "data"


@pytest.fixture
def camelid(data):
    """Run one command on the data folder; the result has exit_code, stdout and stderr."""

    def run(*words, input=None):
        return CliRunner().invoke(program, ["--data", str(data), *map(str, words)], input=input)

    return run


@pytest.fixture
def demo(data):
    """The demo study in the data folder, open."""
    with open_store(data) as store:
        return load_demo(store, hash_wording())
