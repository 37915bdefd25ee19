import pytest

from annotations.imports import import_file
from annotations.judging.browse import Filter, search_judgments
from annotations.judging.records import list_judgments
from backend.errors import InputError

PAIR = {
    "question_id": 1, "model_1": "alpaca:v1", "model_2": "vicuna:v1", "turn": 1, "tstamp": 1.0,
    "judge": ["gpt-4", "pair-v2"], "g1_user_prompt": "…", "g2_user_prompt": "…",
    "g1_winner": "model_1", "g1_judgment": "A is better. [[A]]",
    "g2_winner": "model_1", "g2_judgment": "B is better. [[B]]",
}  # fmt: skip
SINGLE = {
    "question_id": 1, "model": "alpaca:v1", "judge": ["gpt-4", "single-v1"], "user_prompt": "…",
    "judgment": "Good. Rating: [[8]]", "score": 8, "turn": 1, "tstamp": 1.0,
}  # fmt: skip


def test_both_games_of_a_row_are_judgments_in_their_own_order(answered, write):
    report = import_file(answered, write("gpt-4_pair.jsonl", [PAIR]))
    first, second = list_judgments(answered)
    assert (report.rows, report.new) == (2, 2)
    assert (first.system_1, first.reference_slot, first.winner()) == ("alpaca:v1", 2, "1")
    assert (second.system_1, second.reference_slot, second.winner()) == ("vicuna:v1", 1, "2")
    assert first.system == second.system == "alpaca:v1"
    assert (first.judge, first.judge_assumed, first.protocol) == (
        "gpt-4", False, "llm_judge pair-v2"
    )  # fmt: skip


def test_a_winner_that_the_text_denies_is_named(answered, write):
    row = PAIR | {"g1_winner": "tie"}
    report = import_file(answered, write("p.jsonl", [row]))
    assert (
        "Item 1, alpaca:v1 and vicuna:v1: the file says tie, the text alpaca:v1."
    ) in report.notes
    found = list_judgments(answered)
    assert [(one.winner(), one.differs) for one in found] == [("1", True), ("2", False)]
    assert search_judgments(answered, Filter(differs=True)).rows == found[:1]


@pytest.mark.parametrize(
    ("text", "winner", "outcome"),
    [
        ("$ERROR$", "error", "api_error"),
        ("", "error", "empty"),
        ("Both.", "error", "unreadable"),
        ("They say [[A]], but [[B]] it is.", "model_1", "unreadable"),
    ],
)
def test_a_game_without_a_winner_is_a_named_failure(answered, write, text, winner, outcome):
    row = PAIR | {"g1_judgment": text, "g1_winner": winner}
    import_file(answered, write("p.jsonl", [row]))
    first = list_judgments(answered)[0]
    assert (first.outcome, first.winner()) == (outcome, None)


def test_a_single_answer_has_one_score(answered, write):
    import_file(answered, write("s.jsonl", [SINGLE]))
    (one,) = list_judgments(answered)
    assert (one.kind, one.system, one.reference) == ("single", "alpaca:v1", None)
    assert one.score() == one.score("stored") == (8, None)


def test_a_single_score_that_its_parser_missed_is_none(answered, write):
    row = SINGLE | {"judgment": "Good.", "score": -1}
    import_file(answered, write("s.jsonl", [row]))
    (one,) = list_judgments(answered)
    assert (one.outcome, one.score(), one.score("stored")) == ("unreadable", None, None)


@pytest.mark.parametrize("row", [PAIR, SINGLE])
def test_later_turns_are_left_and_counted(answered, write, row):
    n = 2 if row is PAIR else 1
    report = import_file(answered, write("j.jsonl", [row, row | {"turn": 2}]))
    assert (report.rows, report.new, report.skipped) == (2 * n, n, n)
    assert f"not taken: {n}" in report.lines()[1]


def test_a_file_of_later_turns_alone_is_refused(answered, write):
    with pytest.raises(InputError, match="later turns"):
        import_file(answered, write("j.jsonl", [SINGLE | {"turn": 2}]))


@pytest.mark.parametrize("row", [PAIR, SINGLE])
def test_judgments_that_come_again_change_nothing(answered, write, row):
    import_file(answered, write("j.jsonl", [row]))
    n_before = answered.row("SELECT count(*) FROM judgment")[0]
    again = import_file(answered, write("other.jsonl", [row, row]))
    assert again.new == 0
    assert answered.row("SELECT count(*) FROM judgment")[0] == n_before


def test_a_model_without_answers_is_warned_of(answered, write):
    report = import_file(answered, write("s.jsonl", [SINGLE | {"model": "new"}]))
    assert report.warnings[0].startswith("answers of new that are judged here")
    assert list_judgments(answered)[0].answer_1 is None


def test_a_judge_that_is_in_the_rows_needs_no_word(answered, write):
    report = import_file(answered, write("s.jsonl", [SINGLE]), judge="me")
    assert any("--judge me changed nothing" in note for note in report.notes)
    assert list_judgments(answered)[0].judge == "gpt-4"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"g1_winner": "model_3"}, "model_1, model_2, tie, error"),
        ({"judge": ["gpt-4"]}, "a model and a prompt"),
        ({"judge": ["gpt-4", 1]}, "should be text"),
        ({"question_id": 9}, "no item '9'"),
    ],
)
def test_what_is_no_judgment_is_refused_with_its_line(answered, write, change, match):
    with pytest.raises(InputError, match=f"line 2: .*{match}"):
        import_file(answered, write("p.jsonl", [PAIR, PAIR | change]))
