import pytest

from annotations.imports import import_file
from backend.errors import InputError
from tests.reviewed import MODEL, PROMPT, REVIEWER


@pytest.fixture
def told(store, write):
    """The prompt and its reviewer, in the store."""
    import_file(store, write("prompt.jsonl", [PROMPT]))
    import_file(store, write("reviewer.jsonl", [REVIEWER]))
    return store


def test_prompts_that_come_again_change_nothing(told, write):
    reports = [
        import_file(told, write("prompt.jsonl", [PROMPT])),
        import_file(told, write("reviewer.jsonl", [REVIEWER])),
    ]
    assert [(one.new, one.duplicates) for one in reports] == [(0, 1), (0, 1)]
    assert told.row("SELECT count(*) FROM source_file")[0] == 2


@pytest.mark.parametrize(
    ("row", "match"),
    [
        (PROMPT | {"system_prompt": "Other."}, "line 1: the prompt 1 is there already"),
        (PROMPT | {"prompt_template": "{question}"}, "lacks {answer_1}, {answer_2}, {prompt}"),
        (PROMPT | {"defaults": {}}, "'prompt' is missing"),
        (REVIEWER | {"prompt_id": 2}, "line 1: the reviewer judge is there already"),
        (REVIEWER | {"reviewer_id": "other"}, "other is for general questions, which judge"),
        (REVIEWER | {"metadata": {"temperature": 0.2}}, "'max_tokens' is missing or 0"),
        (REVIEWER | {"metadata": {"temperature": 9, "max_tokens": 1}}, "it can be 0 to 2"),
        ({k: v for k, v in REVIEWER.items() if k != "category"}, "'category' is missing"),
    ],
)
def test_what_does_not_fit_is_refused(told, write, row, match):
    with pytest.raises(InputError, match=match):
        import_file(told, write("x.jsonl", [row]))


def test_a_list_of_models_is_left_with_a_reason(store, write):
    report = import_file(store, write("model.jsonl", [MODEL]))
    assert (report.rows, report.new, report.skipped) == (1, 0, 1)
    assert "answers say themselves" in report.notes[0]
