import csv
import hashlib
import json
import time

import pytest

from annotations import library
from annotations.imports import import_file
from backend.errors import InputError
from backend.records import CRITERIA
from tests.ledgers import open_store

ITEMS = [
    {
        "id": f"mail_{n}",
        "motivation_app": "Mail",
        "instruction": " Shorten it." if n < 2 else f"Do task {n}.",
        "instances": [{"input": f"text {n}", "output": f"reference {n}"}],
    }
    for n in range(4)
]
ANSWERS = [{"item_id": f"mail_{n}", "answer": f"answer {n}"} for n in range(4)]
VOTE_COLUMNS = ("item_id", "system_a", "system_b", "annotator", "criterion", "winner")


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "data", clock=lambda: 0.0) as opened:
        yield opened


@pytest.fixture
def write(tmp_path):
    """Write rows as JSON Lines under a name, and return the path."""

    def write_rows(name, rows):
        path = tmp_path / name
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
        return path

    return write_rows


@pytest.fixture
def mail(store, write):
    """A benchmark `mail` of four items, in the store."""
    import_file(store, write("mail.jsonl", ITEMS))
    return store


def predict(item, **values):
    given = {"instruction": item["instruction"].strip(), "input": item["instances"][0]["input"]}
    return {**given, "response": f" to {item['id']} ", "target": "", **values}


def count_rows(store):
    tables = ("source_file", "benchmark", "item", "system", "answer", "outside_vote", "event")
    return {table: store.row(f"SELECT count(*) FROM {table}")[0] for table in tables}


def test_instructions_become_a_benchmark_named_after_their_file(store, write):
    report = import_file(store, write("mail.v2.jsonl", ITEMS))
    assert (report.benchmark, report.rows, report.new, report.duplicates) == ("mail.v2", 4, 4, 0)
    assert [item.item_id for item in library.list_items(store, "mail.v2")] == [
        "mail_0", "mail_1", "mail_2", "mail_3"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "name"),
    [
        (["user_oriented_task_3", "user_oriented_task_4"], "user_oriented_252"),
        (["demo_task_0"], "demo"),
        ([1, 80], "vicuna_80"),
        ([80, 81], "file"),
        (["demo_task_0", "mine"], "file"),
    ],
)
def test_published_benchmarks_are_known_by_their_ids(store, write, ids, name):
    rows = [{"question_id": one, "text": "Why?", "category": "x"} for one in ids]
    assert import_file(store, write("file.jsonl", rows)).benchmark == name


def test_a_name_that_is_given_comes_before_any_other(store, write):
    rows = [{"question_id": 1, "text": "为什么？", "category": "x"}]
    assert import_file(store, write("q.jsonl", rows), name="vicuna_80_zh").benchmark == (
        "vicuna_80_zh"
    )


def test_a_part_of_a_published_benchmark_is_warned_of(store, write):
    rows = [{"question_id": 1, "text": "Why?", "category": "x"}]
    report = import_file(store, write("q.jsonl", rows))
    assert report.warnings == ("vicuna_80 is not whole: items 1, published 80.",)


def test_a_benchmark_that_grows_is_warned_of(mail, write):
    more = [*ITEMS, {**ITEMS[0], "id": "mail_9"}]
    report = import_file(mail, write("mail.jsonl", more))
    assert (report.new, report.duplicates) == (1, 4)
    assert report.warnings == ("mail was there before; it grew from 4 to 5 items.",)


def test_the_same_file_again_changes_nothing(mail, write):
    answers = write("a.jsonl", ANSWERS)
    import_file(mail, answers, model="x")
    before = count_rows(mail)
    reports = [import_file(mail, write("mail.jsonl", ITEMS)), import_file(mail, answers, model="x")]
    assert [(one.new, one.duplicates) for one in reports] == [(0, 4), (0, 4)]
    assert count_rows(mail) == before


def test_an_item_with_other_content_is_refused_with_its_line(mail, write):
    before = count_rows(mail)
    changed = [{**ITEMS[0], "id": "new"}, {**ITEMS[2], "instruction": "Other.", "lang": "de"}]
    with pytest.raises(InputError, match=r"line 2: item mail_2 .* another instruction and lang"):
        import_file(mail, write("mail.jsonl", changed))
    assert count_rows(mail) == before


def test_a_file_and_who_imported_it_are_written_down(mail, write):
    path = write("answers.jsonl", ANSWERS)
    import_file(mail, path, model="x", actor="ada")
    source = mail.row("SELECT * FROM source_file ORDER BY source_id DESC")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert tuple(source)[1:] == (
        "answers.jsonl", digest, "answers", 4, "1970-01-01T00:00:00.000+00:00", "ada"
    )  # fmt: skip
    event = mail.row("SELECT * FROM event ORDER BY event_id DESC")
    assert (event["actor"], event["kind"]) == ("ada", "import")
    assert json.loads(event["detail"])["systems"] == "x"


def test_answers_are_kept_under_the_model_that_was_named(mail, write):
    report = import_file(mail, write("a.jsonl", ANSWERS), model=" x ")
    assert report.systems == ("x",)
    assert library.find_answers(mail, "mail", "x")["mail_3"].text == "answer 3"


def test_several_models_in_a_file_each_get_their_own_name(mail, write):
    rows = [{**row, "model": name} for row in ANSWERS for name in ("x", "y")]
    assert import_file(mail, write("a.jsonl", rows)).systems == ("x", "y")
    with pytest.raises(InputError, match="would mix the answers of several models: x, y"):
        import_file(mail, write("a.jsonl", rows), model="z")


def test_answers_without_a_model_ask_for_one(mail, write):
    with pytest.raises(InputError, match="--model NAME"):
        import_file(mail, write("a.jsonl", ANSWERS))


@pytest.mark.parametrize("model", ["a\nb", "x" * 121, " "])
def test_a_model_name_has_to_fit_on_a_line(mail, write, model):
    with pytest.raises(InputError, match="model"):
        import_file(mail, write("a.jsonl", ANSWERS), model=model)


def test_another_answer_of_the_same_system_is_refused_whole(mail, write):
    import_file(mail, write("a.jsonl", ANSWERS[:3]), model="x")
    before = count_rows(mail)
    rows = [ANSWERS[3], {**ANSWERS[2], "answer": "other"}]
    with pytest.raises(InputError, match="line 2: x has another answer to item mail_2"):
        import_file(mail, write("a.jsonl", rows), model="x")
    assert count_rows(mail) == before


def test_answers_to_items_that_are_nowhere_are_refused(mail, write):
    rows = [ANSWERS[0], {"item_id": "mail_9", "answer": "x"}]
    with pytest.raises(InputError, match="line 2: there is no item 'mail_9' in mail"):
        import_file(mail, write("a.jsonl", rows), model="x")


def test_answers_before_any_benchmark_say_what_comes_first(store, write):
    with pytest.raises(InputError, match="import its items first"):
        import_file(store, write("a.jsonl", ANSWERS), model="x")


def test_answers_that_fit_several_benchmarks_ask_which(mail, write):
    import_file(mail, write("mail.jsonl", ITEMS), name="twin")
    path = write("a.jsonl", ANSWERS)
    with pytest.raises(InputError, match=r"\(mail, twin\); say which: --benchmark"):
        import_file(mail, path, model="x")
    assert import_file(mail, path, model="x", benchmark="twin").benchmark == "twin"


def test_a_benchmark_that_is_not_there_names_those_that_are(mail, write):
    with pytest.raises(InputError, match=r"no benchmark 'nail'\. There are: mail"):
        import_file(mail, write("a.jsonl", ANSWERS), model="x", benchmark="nail")


def test_samples_of_one_item_are_kept_apart(mail, write):
    rows = [{"item_id": "mail_0", "answer": f"take {n}", "sample": n} for n in range(3)]
    assert import_file(mail, write("a.jsonl", rows), model="x").new == 3
    assert library.find_answers(mail, "mail", "x", 2)["mail_0"].text == "take 2"


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [0, 1], [3, 1, 2, 0], [2]])
def test_predictions_find_their_items(mail, write, order):
    rows = [predict(ITEMS[n]) for n in order]
    import_file(mail, write("p.jsonl", rows), model="x")
    found = library.find_answers(mail, "mail", "x")
    assert {item_id: answer.text for item_id, answer in found.items()} == {
        f"mail_{n}": f"to mail_{n}" for n in order
    }


def test_predictions_without_inputs_join_by_order(mail, write):
    rows = [{"instruction": item["instruction"], "response": item["id"]} for item in ITEMS]
    import_file(mail, write("p.jsonl", rows), model="x")
    assert library.find_answers(mail, "mail", "x")["mail_1"].text == "mail_1"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([predict(ITEMS[0]), predict(ITEMS[1], instruction="No.")], "line 2: no items of mail"),
        ([predict(ITEMS[0]), predict(ITEMS[1], input="No.")], "with this input"),
        ([predict(ITEMS[2]), predict(ITEMS[2])], "line 2: line 1 answers item mail_2 already"),
        ([{"instruction": "Do task 3.", "response": ""},
          {"instruction": "Shorten it.", "response": ""}], "line 2: 2 items of mail have"),
    ],
)  # fmt: skip
def test_predictions_that_fit_no_single_item_are_refused(mail, write, rows, reason):
    with pytest.raises(InputError, match=reason):
        import_file(mail, write("p.jsonl", rows), model="x")


def test_a_report_warns_of_missing_empty_and_equal_answers(mail, write):
    import_file(mail, write("a.jsonl", ANSWERS), model="x")
    rows = [ANSWERS[0], {**ANSWERS[1], "answer": " \n"}]
    report = import_file(mail, write("b.jsonl", rows), model="y")
    assert report.warnings == (
        "items without an answer of y: 2 of 4 (mail_2, mail_3).",
        "empty answers of y: 1 (mail_1).",
        "items where y and x gave the same answer: 1.",
    )


def test_a_report_is_lines_for_a_person(mail, write):
    report = import_file(mail, write("a.jsonl", ANSWERS[:1]), model="x", study="s")
    assert report.lines() == [
        "a.jsonl: plain answers of x to mail.",
        "Rows: 1; new: 1; there already: 0.",
        "--study s changed nothing: this file holds plain answers.",
        "Words an answer (median, 90th percentile): x 2, 2.",
        "Warning: items without an answer of x: 3 of 4 (mail_1, mail_2, mail_3).",
    ]


@pytest.fixture
def study(mail, write):
    """A study `hhh` that compares x with y on `mail`; z is not in it."""
    for model in ("x", "y", "z"):
        rows = [{**row, "answer": f"{row['answer']} of {model}"} for row in ANSWERS]
        import_file(mail, write("a.jsonl", rows), model=model)
    with mail.write() as db:
        db.execute(
            """INSERT INTO study(name, slug, title, benchmark_id, enrolment, votes_per_pair, quota,
                seed, lease_s, wording_sha256, created_at)
            SELECT 'hhh', 'slug', '', benchmark_id, 'name', 3, 21, '0', 1800, '', ''
            FROM benchmark WHERE name = 'mail'"""
        )
        db.execute(
            """INSERT INTO comparison(study_id, ord, system_a, system_b)
            SELECT 1, 0, x.system_id, y.system_id FROM system x, system y
            WHERE x.name = 'x' AND y.name = 'y'"""
        )
    return mail


def write_votes(path, votes, columns=VOTE_COLUMNS):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(dict(zip(VOTE_COLUMNS, vote, strict=True)) for vote in votes)
    return path


def list_votes(store):
    rows = store.rows(
        """SELECT ext_id, annotator, criterion, winner FROM outside_vote JOIN item USING(item_id)
        ORDER BY ext_id, annotator, criterion"""
    )
    return [tuple(row) for row in rows]


VOTE = ("mail_0", "x", "y", "ann", "helpful", "a")
TURNED = ("mail_0", "y", "x", "ann", "helpful", "b")


@pytest.mark.parametrize(
    ("systems", "winner", "stored"),
    [
        (("x", "y"), "a", "a"),
        (("x", "y"), "tie", "tie"),
        (("y", "x"), "a", "b"),
        (("y", "x"), "b", "a"),
        (("y", "x"), "tie", "tie"),
    ],
)
def test_votes_are_kept_in_the_order_of_the_comparison(study, tmp_path, systems, winner, stored):
    path = write_votes(tmp_path / "v.csv", [("mail_0", *systems, "ann", "helpful", winner)])
    assert import_file(study, path, study="hhh").new == 1
    assert list_votes(study) == [("mail_0", "ann", "helpful", stored)]


def test_columns_of_votes_may_stand_in_any_order(study, tmp_path):
    path = write_votes(tmp_path / "v.csv", [VOTE], tuple(reversed(VOTE_COLUMNS)))
    assert import_file(study, path, study="hhh").new == 1


def test_the_same_vote_again_is_counted_and_passed_over(study, tmp_path):
    path = write_votes(tmp_path / "v.csv", [VOTE, TURNED, VOTE])
    report = import_file(study, path, study="hhh")
    assert (report.rows, report.new, report.duplicates) == (3, 1, 2)
    before = count_rows(study)
    assert import_file(study, path, study="hhh").duplicates == 3
    assert count_rows(study) == before


@pytest.mark.parametrize(
    ("vote", "reason"),
    [
        ((*VOTE[:5], "b"), "line 3: ann voted otherwise on item mail_0 .* in line 2 of this file"),
        (("mail_9", *VOTE[1:]), "line 3: there is no item 'mail_9' in mail"),
        (("mail_0", "x", "z", *VOTE[3:]), "line 3: hhh does not compare 'x' with 'z'.*: x and y"),
        (("mail_0", "x", "q", *VOTE[3:]), "line 3: hhh does not compare 'x' with 'q'"),
        ((*VOTE[:4], "fun", "a"), "line 3: 'criterion' is 'fun'"),
        ((*VOTE[:5], "left"), "line 3: 'winner' is 'left'"),
    ],
)
def test_a_vote_that_can_not_be_taken_is_refused_with_all_others(study, tmp_path, vote, reason):
    before = count_rows(study)
    with pytest.raises(InputError, match=reason):
        import_file(study, write_votes(tmp_path / "v.csv", [VOTE, vote]), study="hhh")
    assert count_rows(study) == before


def test_a_vote_against_the_ledger_is_refused(study, tmp_path):
    import_file(study, write_votes(tmp_path / "v.csv", [VOTE]), study="hhh")
    with pytest.raises(InputError, match=r"line 2: ann voted otherwise .* in the ledger"):
        path = write_votes(tmp_path / "w.csv", [(*VOTE[:5], "tie")])
        import_file(study, path, study="hhh")


@pytest.mark.parametrize("name", [None, "", "hh"])
def test_votes_without_a_study_list_those_there_are(study, tmp_path, name):
    with pytest.raises(InputError, match=r"There are: hhh\. .*`study create`"):
        import_file(study, write_votes(tmp_path / "v.csv", [VOTE]), study=name)


@pytest.mark.slow
def test_a_hundred_thousand_votes_take_seconds(study, tmp_path):
    votes = [
        (f"mail_{n}", "x", "y", f"ann {who}", criterion, "tie")
        for n in range(4)
        for who in range(8334)
        for criterion in CRITERIA
    ]
    path = write_votes(tmp_path / "v.csv", votes)
    start = time.process_time()
    assert import_file(study, path, study="hhh").new == len(votes) == 100_008
    assert time.process_time() - start < 20


def test_a_file_above_the_limit_is_refused(store, write):
    path = write("mail.jsonl", ITEMS)
    with pytest.raises(InputError, match="larger than"):
        import_file(store, path, max_bytes=path.stat().st_size - 1)
    assert import_file(store, path, max_bytes=path.stat().st_size).new == 4


def test_a_file_that_is_not_there_is_told(store, tmp_path):
    with pytest.raises(InputError, match="No such file"):
        import_file(store, tmp_path / "gone.jsonl")


def test_the_published_files_meet_their_benchmarks(store, data_sources):
    import_file(store, data_sources / "user_oriented_252/user_oriented_instructions.jsonl")
    for path in sorted(data_sources.glob("user_oriented_252/predictions/*.jsonl")):
        report = import_file(store, path, model=path.stem.removesuffix("_predictions"))
        assert (report.benchmark, report.new) == ("user_oriented_252", 252)
    assert [one.n_items for one in library.list_systems(store, "user_oriented_252")] == [252] * 3


def test_the_published_vicuna_answers_carry_their_names(store, data_sources):
    assert import_file(store, data_sources / "vicuna_80/question.jsonl").warnings == ()
    for path in sorted(data_sources.glob("vicuna_80/answers/*.jsonl")):
        import_file(store, path)
    names = [one.name for one in library.list_systems(store, "vicuna_80")]
    assert len(names) == 6 and names[0] == "alpaca-13b:v1"
    llama = library.find_answers(store, "vicuna_80", "llama-13b:v1")
    assert [item_id for item_id, answer in llama.items() if not answer.text] == ["74"]
