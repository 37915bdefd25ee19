"""A ledger with questions and answers that reviews are about."""

import pytest

from annotations.imports import import_file
from tests.reviewed import QUESTIONS, make_answered, write_rows


@pytest.fixture
def write(tmp_path):
    """Write rows as JSON Lines under a name, and return the path."""
    return lambda name, rows: write_rows(tmp_path / name, rows)


@pytest.fixture
def questions(store, write):
    """The questions, in the store."""
    import_file(store, write("question.jsonl", QUESTIONS), name="q")
    return store


@pytest.fixture
def answered(store, tmp_path):
    """The questions with the answers of alpaca:v1 and vicuna:v1, in the store."""
    make_answered(store, tmp_path)
    return store
