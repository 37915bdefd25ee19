import pytest

from annotations.imports import import_file
from annotations.judging.records import list_judgments
from backend.errors import InputError
from tests.reviewed import make_answers, make_reviews

NAME = "review_alpaca_vicuna.jsonl"


def count_rows(store):
    tables = ("source_file", "judgment", "judgment_reading", "system", "event")
    return {table: store.row(f"SELECT count(*) FROM {table}")[0] for table in tables}


def find_notes(report, start):
    return [note for note in report.notes if note.startswith(start)]


def test_reviews_become_judgments_of_the_answers_they_name(answered, write):
    report = import_file(answered, write(NAME, make_reviews()))
    assert (report.rows, report.new, report.duplicates, report.benchmark) == (3, 3, 0, "q")
    first = list_judgments(answered)[0]
    assert (first.system, first.reference, first.item_id) == ("alpaca:v1", "vicuna:v1", "1")
    assert (first.read, first.stored, first.outcome) == ((8, 9), (8, 9), "ok")
    assert None not in (first.answer_1, first.answer_2)


def test_reviews_that_come_again_change_nothing(answered, write):
    import_file(answered, write(NAME, make_reviews()))
    before = count_rows(answered)
    for name in (NAME, "reviews-alpaca-vicuna-new.jsonl"):
        report = import_file(answered, write(name, make_reviews()))
        assert (report.new, report.duplicates) == (0, 3)
    assert count_rows(answered) == before


def test_a_score_that_the_text_denies_is_named_with_both(answered, write):
    reviews = make_reviews()
    reviews[1]["score"] = [7, 2]
    report = import_file(answered, write(NAME, reviews))
    assert find_notes(report, "Item 2") == [
        "Item 2, alpaca:v1 and vicuna:v1: the file says 7 : 2, the text 7 : 7."
    ]
    assert [one.differs for one in list_judgments(answered)] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("error", "api_error"),
        ("", "empty"),
        (None, "empty"),
        (" \n", "empty"),
        ("I like both.", "unreadable"),
    ],
)
def test_a_reply_without_scores_is_a_named_failure(answered, write, text, outcome):
    reviews = make_reviews()
    reviews[0] |= {"text": text, "score": [-1, -1]}
    report = import_file(answered, write(NAME, reviews))
    first = list_judgments(answered)[0]
    assert (first.outcome, first.read, first.stored) == (outcome, None, (-1, -1))
    assert (first.score("read"), first.score("stored")) == (None, None)
    assert find_notes(report, f"Without a score, {outcome.replace('_', ' ')}")[0].endswith(" 1.")


def test_typed_scores_of_a_reply_that_nobody_can_read_are_kept(answered, write):
    reviews = make_reviews()
    reviews[0] |= {"text": "I like both.", "score": [8, 9]}
    import_file(answered, write(NAME, reviews))
    first = list_judgments(answered)[0]
    assert (first.score("read"), first.score("stored")) == (None, (8, 9))


def test_reviews_without_scores_are_read_from_their_text(answered, write):
    reviews = [{k: v for k, v in row.items() if k != "score"} for row in make_reviews()]
    report = import_file(answered, write(NAME, reviews))
    assert list_judgments(answered)[2].read == (5, 6.5)
    assert find_notes(report, "Judgments that the file scores otherwise")[0].endswith(": 0.")


def test_scores_that_are_null_are_none(answered, write):
    import_file(answered, write(NAME, [one | {"score": [None, None]} for one in make_reviews()]))
    assert {one.stored for one in list_judgments(answered)} == {None}


def test_scores_that_a_later_file_lacks_are_not_forgotten(answered, write):
    import_file(answered, write(NAME, make_reviews()))
    before = count_rows(answered)
    bare = [{k: v for k, v in row.items() if k != "score"} for row in make_reviews()]
    import_file(answered, write("bare.jsonl", bare))
    assert list_judgments(answered)[0].stored == (8, 9)
    assert count_rows(answered) == before
    import_file(answered, write("bare.jsonl", bare), judge="gpt-4-0314")
    first = list_judgments(answered)[0]
    assert (first.judge, first.stored) == ("gpt-4-0314", (8, 9))


def test_a_system_can_be_judged_against_itself(answered, write):
    import_file(answered, write(NAME, make_reviews(second="a")))
    first = list_judgments(answered)[0]
    assert first.system == first.reference == "alpaca:v1"


@pytest.mark.parametrize(
    ("name", "said", "judge", "assumed"),
    [
        (NAME, None, "gpt-4", True),
        ("anything.jsonl", None, "gpt-4", True),
        ("gpt-3.5-turbo_review_alpaca_vicuna.jsonl", None, "gpt-3.5-turbo", False),
        ("gpt-3.5-turbo_review_alpaca_vicuna.jsonl", "gpt-4-0314", "gpt-4-0314", False),
        (NAME, "gpt-4", "gpt-4", False),
    ],
)
def test_who_judged_is_said_or_in_the_name_or_assumed(answered, write, name, said, judge, assumed):
    report = import_file(answered, write(name, make_reviews()), judge=said)
    found = {(one.judge, one.judge_assumed) for one in list_judgments(answered)}
    assert found == {(judge, assumed)}
    assert ("assumed" in report.notes[0]) == assumed


def test_a_judge_that_was_assumed_is_put_right_by_a_word(answered, write):
    import_file(answered, write(NAME, make_reviews()))
    report = import_file(answered, write(NAME, make_reviews()), judge="gpt-3.5-turbo")
    assert (report.new, report.duplicates) == (0, 3)
    assert "There already, but better known now, and filed again: 3." in report.notes
    import_file(answered, write(NAME, make_reviews()))
    assert {(one.judge, one.judge_assumed) for one in list_judgments(answered)} == {
        ("gpt-3.5-turbo", False)
    }


def test_reviews_can_come_before_their_answers(questions, write):
    report = import_file(questions, write(NAME, make_reviews()))
    assert [line.split(" that")[0] for line in report.warnings] == [
        "answers of alpaca", "answers of vicuna"
    ]  # fmt: skip
    assert list_judgments(questions)[0].system == "alpaca"
    import_file(questions, write("a.jsonl", make_answers("alpaca:v1", "a")))
    import_file(questions, write("v.jsonl", make_answers("vicuna:v1", "v")))
    again = import_file(questions, write(NAME, make_reviews()))
    assert (again.new, again.duplicates) == (0, 3)
    found = list_judgments(questions)
    assert [one.system for one in found] == ["alpaca:v1"] * 3
    assert None not in {one.answer_1 for one in found} | {one.answer_2 for one in found}


def test_an_answer_that_is_known_is_not_forgotten(answered, write):
    """The same file in a ledger's later life, when an answer's name is looked up in vain."""
    import_file(answered, write(NAME, make_reviews()))
    before = count_rows(answered)
    import_file(answered, write("gpt-4_review_x_y.jsonl", make_reviews()), judge="gpt-4")
    assert {one.system for one in list_judgments(answered)} == {"alpaca:v1"}
    assert count_rows(answered)["system"] == before["system"]


def test_what_a_person_read_stays_with_the_judgment(answered, write):
    reviews = make_reviews()
    reviews[0] |= {"text": "Who knows.", "score": [-1, -1]}
    import_file(answered, write(NAME, reviews))
    number = list_judgments(answered)[0].judgment_id
    with answered.write() as db:
        db.execute(
            "INSERT INTO judgment_reading VALUES (NULL, ?, 'ada', 3, 4, 'by its tone', 0)",
            (number,),
        )
    import_file(answered, write(NAME, reviews), judge="gpt-4-0314")
    found = next(one for one in list_judgments(answered) if one.item_id == "1")
    assert (found.judge, found.by_hand) == ("gpt-4-0314", (3, 4))


def test_one_unknown_side_is_named_after_the_file(questions, write):
    import_file(questions, write("v.jsonl", make_answers("vicuna:v1", "v")))
    import_file(questions, write("review_bard_vicuna (1).jsonl", make_reviews()))
    first = list_judgments(questions)[0]
    assert (first.system, first.answer_1, first.reference) == ("bard", None, "vicuna:v1")


def test_reviews_of_answers_that_nobody_knows_say_what_to_do(questions, write):
    with pytest.raises(InputError, match=r"line 1: .*'a1'.* Import the answers first"):
        import_file(questions, write("mine.jsonl", make_reviews()))
    assert list_judgments(questions) == []


def test_reviews_before_any_question_say_what_to_do(store, write):
    with pytest.raises(InputError, match="import its items first"):
        import_file(store, write(NAME, make_reviews()))


def test_a_review_of_another_question_is_refused_with_its_line(answered, write):
    reviews = make_reviews()
    reviews[2]["answer1_id"] = "a1"
    with pytest.raises(InputError, match=r"line 3: .* item 3 of q, but its answer 'a1' .* item 1"):
        import_file(answered, write(NAME, reviews))


def test_a_review_of_no_question_is_refused_with_its_line(answered, write):
    reviews = make_reviews()
    reviews[1]["question_id"] = 99
    with pytest.raises(InputError, match="line 2: there is no item '99' in q"):
        import_file(answered, write(NAME, reviews))


def test_answers_decide_between_benchmarks_of_the_same_ids(answered, write):
    twin = [{"question_id": n, "text": "一？", "category": "x"} for n in (1, 2, 3)]
    import_file(answered, write("zh.jsonl", twin), name="zh")
    assert import_file(answered, write(NAME, make_reviews())).benchmark == "q"
    unknown = make_reviews(first="x", second="y")
    with pytest.raises(InputError, match=r"several benchmarks \(q, zh\)"):
        import_file(answered, write(NAME, unknown))
    assert import_file(answered, write(NAME, unknown), benchmark="zh").benchmark == "zh"


@pytest.mark.parametrize(
    ("score", "match"),
    [([8], "two numbers"), ([8, "9"], "a number"), (8, "a list"), ([8, True], "a number")],
)
def test_scores_that_are_none_are_refused_with_their_line(answered, write, score, match):
    reviews = make_reviews()
    reviews[1]["score"] = score
    with pytest.raises(InputError, match=f"line 2: .*{match}"):
        import_file(answered, write(NAME, reviews))


def test_answers_that_were_there_before_get_their_names(questions, write):
    nameless = [
        {key: value for key, value in row.items() if key != "answer_id"}
        for row in make_answers("alpaca:v1", "a")
    ]
    import_file(questions, write("a.jsonl", nameless))
    import_file(questions, write("v.jsonl", make_answers("vicuna:v1", "v")))
    report = import_file(questions, write("a.jsonl", make_answers("alpaca:v1", "a")))
    assert (report.new, report.duplicates) == (0, 3)
    import_file(questions, write("mine.jsonl", make_reviews()))
    assert list_judgments(questions)[0].system == "alpaca:v1"


def test_a_name_stays_with_the_answer_that_had_it_first(answered, write):
    report = import_file(answered, write("b.jsonl", make_answers("alpaca:v1", "a")), model="twin")
    assert any("3 of these answers go by the name of others" in one for one in report.warnings)
    import_file(answered, write(NAME, make_reviews()))
    assert list_judgments(answered)[0].system == "alpaca:v1"


@pytest.mark.slow
def test_the_published_reviews_differ_from_their_text_in_two_rows(store, data_sources):
    folder = data_sources / "vicuna_80"
    files = [folder / "question.jsonl", *sorted(folder.glob("answers/*.jsonl"))]
    for path in files:
        import_file(store, path)
    reports = [import_file(store, path) for path in sorted(folder.glob("reviews/*.jsonl"))]
    found = list_judgments(store)
    assert len(found) == 640 and {one.outcome for one in found} == {"ok"}
    assert [one for report in reports for one in find_notes(report, "Item")] == [
        "Item 70, bard:20230327 and vicuna-13b:20230322-clean-lang: "
        "the file says 10 : 2, the text 10 : 4.",
        "Item 70, llama-13b:v1 and vicuna-13b:20230322-clean-lang: "
        "the file says 10 : 2, the text 10 : 4.",
    ]
    assert all(one.answer_1 and one.answer_2 and one.reference_slot == 2 for one in found)
