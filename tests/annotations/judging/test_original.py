import pytest

from annotations.imports import import_file
from annotations.judging.original import read_original
from backend.errors import NotFound
from backend.judge.protocols import build_messages
from backend.judge.records import Case
from backend.records import Item
from tests.reviewed import PROMPT, REVIEWER, write_rows


@pytest.fixture
def write(tmp_path):
    """Write rows as JSON Lines under a name, and return the path."""
    return lambda name, rows: write_rows(tmp_path / name, rows)


def test_prompts_and_reviewers_make_the_original_protocol(store, write):
    import_file(store, write("prompt.jsonl", [PROMPT]))
    import_file(store, write("reviewer.jsonl", [REVIEWER]))
    protocol = read_original(store)
    rubric = protocol.find_rubric("generic")
    assert (rubric.temperature, rubric.max_tokens) == (0.2, 1024)
    case = Case("k", Item("1", "Why?"), "one", "two")
    assert [one.content for one in build_messages(protocol, case)] == [
        "Judge.", "Q Why? 1 one 2 two Two scores."
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "row", "missing"),
    [("prompt.jsonl", PROMPT, "reviewer.jsonl"), ("reviewer.jsonl", REVIEWER, "prompt.jsonl")],
)
def test_half_of_the_original_protocol_says_which_file_is_missing(store, write, name, row, missing):
    import_file(store, write(name, [row]))
    with pytest.raises(NotFound, match=f"needs {missing} of .*--download") as error:
        read_original(store)
    assert name not in str(error.value)


def test_the_published_prompts_are_taken(store, data_sources):
    for name in ("prompt.jsonl", "reviewer.jsonl", "model.jsonl"):
        import_file(store, data_sources / "vicuna_80" / name)
    protocol = read_original(store)
    assert set(protocol.rubrics) == {"general", "coding", "math"}
    assert "[The Start of Assistant 1's Answer]" in protocol.find_rubric("fermi").template
