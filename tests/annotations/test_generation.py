import sqlite3

import pytest

from annotations.endings import mark_interrupted
from annotations.generation import (
    Start,
    finish_run,
    list_missing,
    read_run,
    read_runs,
    save_outcome,
    start_run,
)
from annotations.imports import import_file
from annotations.library import find_answers, list_systems
from annotations.studies import Plan, create_study
from backend.dialogue import Reply, Sampling
from backend.errors import Conflict, InputError, NotFound
from backend.records import Item
from tests.ledgers import make_study, open_store

ASKED = {"benchmark": "tiny", "system": "tiny-llama", "card": "tiny-llama", "card_sha256": "of it"}
FINE = Reply("Done so.", "ok", model="tiny-llama@1", n_prompt_tokens=9, n_tokens=3, duration_s=0.5)


@pytest.fixture
def store(tmp_path):
    """A ledger with six items that two systems have answered."""
    with open_store(tmp_path) as store:
        make_study(store)
        yield store


def begin(store, **changed):
    return start_run(store, "kim", Start(**ASKED | changed))


def work(store, run_id, *replies, samples=1, system="tiny-llama"):
    """Save one reply after the other to what is missing."""
    missing = list_missing(store, "tiny", system, samples)
    for (item, sample), reply in zip(missing, replies, strict=False):
        save_outcome(store, run_id, item, sample, reply)


def places(missing):
    return [(item.item_id, sample) for item, sample in missing]


def test_everything_is_missing_at_first_whole_samples_before_others(store):
    missing = places(list_missing(store, "tiny", "tiny-llama", 2))
    assert missing == [(f"i{n}", sample) for sample in (0, 1) for n in range(1, 7)]
    assert places(list_missing(store, "tiny", "Alpaca", 2)) == missing[6:]


def test_the_first_items_can_be_asked_for_alone(store):
    assert places(list_missing(store, "tiny", "tiny-llama", 2, 2)) == [
        ("i1", 0), ("i2", 0), ("i1", 1), ("i2", 1),
    ]  # fmt: skip
    assert read_run(store, begin(store, samples=2, n_items=2)).n_wanted == 4


@pytest.mark.parametrize(
    ("benchmark", "samples", "problem"),
    [("nothing", 1, NotFound), ("tiny", 0, InputError)],
)
def test_what_can_not_be_asked_is_refused(store, benchmark, samples, problem):
    with pytest.raises(problem):
        begin(store, benchmark=benchmark, samples=samples)
    assert read_runs(store) == []


def test_an_answer_is_an_answer_like_any_other(store):
    run_id = begin(store)
    work(store, run_id, *[FINE] * 6)
    finish_run(store, run_id, "done")
    assert find_answers(store, "tiny", "tiny-llama")["i1"].text == "Done so."
    study = create_study(store, Plan("new", "tiny", ("tiny-llama", "Alpaca")), "no", "test")
    assert study.systems == ("tiny-llama", "Alpaca")


@pytest.mark.parametrize(
    ("reply", "counted"),
    [
        (Reply("half", "cut_off", "the server went away"), {"cut_off": 1}),
        (Reply("", "ok"), {"empty": 1}),
        (Reply(" \n", "truncated"), {"empty": 1}),
        (Reply("", "refused"), {"refused": 1}),
        (Reply("ha", "stopped"), {"stopped": 1}),
    ],
)
def test_a_failure_is_a_name_and_never_an_answer(store, reply, counted):
    run_id = begin(store)
    work(store, run_id, reply)
    run = read_run(store, run_id)
    assert (run.outcomes, run.n_done, run.n_answered) == (counted, 1, 0)
    assert len(list_missing(store, "tiny", "tiny-llama", 1)) == 6
    text = "\n".join(line for line in store._writer.iterdump() if "run_outcome" in line)
    assert "half" not in text


def test_answers_that_were_cut_are_answers_and_are_counted(store):
    run_id = begin(store)
    work(store, run_id, FINE, Reply("And so", "truncated"))
    run = read_run(store, run_id)
    assert (run.n_wanted, run.n_done, run.n_answered, run.n_truncated) == (6, 2, 2, 1)


def test_a_run_goes_on_with_what_is_missing(store):
    first = begin(store)
    work(store, first, FINE, Reply("", "timeout"), FINE)
    assert finish_run(store, first, "cancelled", "by kim").state == "cancelled"
    assert places(list_missing(store, "tiny", "tiny-llama", 1)) == [
        ("i2", 0), ("i4", 0), ("i5", 0), ("i6", 0),
    ]  # fmt: skip
    second = begin(store, samples=2)
    assert read_run(store, second).n_wanted == 10


def test_runs_are_listed_newest_first_with_how_they_ended(store):
    finish_run(store, begin(store), "failed", "The worker died.")
    begin(store, samples=3)
    new, old = read_runs(store)
    assert (new.state, new.samples, new.finished_at) == ("running", 3, None)
    assert (old.state, old.message, old.actor) == ("failed", "The worker died.", "kim")
    assert old.finished_at >= old.started_at


def test_a_run_keeps_its_first_ending(store):
    run_id = begin(store)
    finish_run(store, run_id, "cancelled", "by kim")
    assert finish_run(store, run_id, "done").message == "by kim"


def test_a_run_that_a_dead_app_left_is_interrupted_and_can_begin_again(tmp_path):
    with open_store(tmp_path) as store:
        make_study(store)
        run_id = begin(store)
        work(store, run_id, FINE)
    with open_store(tmp_path) as store:
        assert (mark_interrupted(store), mark_interrupted(store)) == (1, 0)
        run = read_run(store, run_id)
        assert (run.state, run.n_answered) == ("interrupted", 1)
        assert "goes on with what is missing" in run.message
        assert read_run(store, begin(store)).n_wanted == 5


def test_a_system_is_asked_by_one_run_at_a_time(store):
    begin(store)
    with pytest.raises(Conflict, match="is being asked for tiny already"):
        begin(store)
    assert read_run(store, begin(store, system="other")).state == "running"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"card_sha256": "of another"}, "another card"),
        ({"template_sha256": "of another"}, "another template"),
        ({"system_text": "Be brief."}, "another system text"),
        ({"sampling": Sampling(temperature=0)}, "another sampling"),
        ({"sampling": Sampling(seed=1), "card_sha256": "x"}, "another card and sampling"),
        ({"system": "Alpaca"}, r"come from a file \(test\)"),
    ],
)
def test_a_name_stands_for_one_model_with_one_setting(store, changed, problem):
    run_id = begin(store)
    work(store, run_id, FINE)
    finish_run(store, run_id, "done")
    with pytest.raises(Conflict, match=f"{problem}.*another name for these .--as NAME"):
        begin(store, **changed)
    begin(store, **changed | {"system": "another name"})


def test_other_settings_while_a_run_is_at_work_are_refused_too(store):
    begin(store)
    with pytest.raises(Conflict, match="another sampling"):
        begin(store, sampling=Sampling(temperature=0))


def test_a_run_without_an_answer_binds_nobody(store):
    run_id = begin(store)
    work(store, run_id, Reply("", "bad_key"))
    finish_run(store, run_id, "failed")
    assert begin(store, card_sha256="of another")


def test_more_samples_and_another_words_about_a_card_are_no_other_setting(store):
    run_id = begin(store)
    work(store, run_id, FINE)
    finish_run(store, run_id, "done")
    assert begin(store, samples=5, card="tiny-llama-renamed")


def test_an_answer_comes_once(store):
    run_id = begin(store)
    work(store, run_id, FINE)
    with pytest.raises(Conflict, match="item i1, sample 0, already"):
        save_outcome(store, run_id, Item("i1", "Do it."), 0, Reply("Other.", "ok"))
    assert read_run(store, run_id).n_done == 1


def test_an_answer_that_comes_after_the_end_is_kept(store):
    run_id = begin(store)
    finish_run(store, run_id, "cancelled")
    work(store, run_id, FINE)
    assert read_run(store, run_id).n_answered == 1


def test_an_item_or_a_run_that_is_not_there_is_said(store):
    with pytest.raises(NotFound, match="no item 'i99' in tiny"):
        save_outcome(store, begin(store), Item("i99", "Do it."), 0, FINE)
    with pytest.raises(NotFound, match="no run number 99"):
        save_outcome(store, 99, Item("i1", "Do it."), 0, FINE)


def test_each_answer_knows_its_run_and_how_it_was_made(store):
    run_id = begin(store)
    work(store, run_id, FINE)
    row = store.row(
        """SELECT f.kind, f.name, o.model, o.n_tokens, r.sampling FROM answer a
        JOIN source_file f USING(source_id) JOIN run r USING(source_id)
        JOIN run_outcome o USING(answer_id)"""
    )
    assert tuple(row)[:4] == ("generated", "generated by tiny-llama", "tiny-llama@1", 3)
    assert '"temperature": 0.7' in row["sampling"]


@pytest.mark.parametrize(
    ("outcome", "answer_id"), [("ok", "NULL"), ("timeout", "1"), ("fine", "1"), ("ok", "1")]
)
def test_the_database_itself_keeps_answers_and_failures_apart(store, outcome, answer_id):
    run_id = begin(store)
    statement = f"""INSERT INTO run_outcome(run_id, item_id, sample, outcome, detail, model,
        duration_s, created_at, answer_id) VALUES ({run_id}, 1, 0, '{outcome}', '', '', 0, 0,
        {answer_id})"""
    if (outcome, answer_id) == ("ok", "1"):  # the control
        with store.write() as db:
            db.execute(statement)
        return
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"), store.write() as db:
        db.execute(statement)


QUESTIONS = "".join(
    f'{{"question_id": {n}, "text": "Why {n}?", "category": "generic"}}\n' for n in (1, 2)
)
FASTCHAT = "".join(
    f'{{"question_id": {n}, "text": "So {n}.", "model_id": "vicuna-13b:v1", "answer_id": "x{n}"}}\n'
    for n in (1, 2)
)
JUDGED = "".join(
    f'{{"question_id": {n}, "answer_id": "y{n}", "model_id": "alpaca-13b", "tstamp": 1.5, '
    f'"choices": [{{"index": 0, "turns": ["A {n}."]}}, {{"index": 1, "turns": ["B {n}."]}}]}}\n'
    for n in (1, 2)
)


def import_text(store, tmp_path, text, **words):
    path = tmp_path / "file.jsonl"
    path.write_text(text)
    return import_file(store, path, **words)


def test_imported_and_generated_answers_sit_side_by_side_in_one_study(tmp_path):
    with open_store(tmp_path / "data") as store:
        import_text(store, tmp_path, QUESTIONS, name="vicuna_80")
        import_text(store, tmp_path, FASTCHAT)
        import_text(store, tmp_path, JUDGED)
        run_id = begin(store, benchmark="vicuna_80")
        for item, sample in list_missing(store, "vicuna_80", "tiny-llama", 1):
            save_outcome(store, run_id, item, sample, FINE)
        systems = ("vicuna-13b:v1", "alpaca-13b", "tiny-llama")
        create_study(store, Plan("all", "vicuna_80", systems), "no", "test")
        assert store.row("SELECT count(*) FROM pair")[0] == 3 * 2
        assert find_answers(store, "vicuna_80", "alpaca-13b", 1)["2"].text == "B 2."


def test_imported_answers_are_not_mixed_with_generated_ones(tmp_path):
    with open_store(tmp_path / "data") as store:
        import_text(store, tmp_path, QUESTIONS, name="vicuna_80")
        import_text(store, tmp_path, FASTCHAT)
        with pytest.raises(Conflict, match=r"come from a file \(file\.jsonl\)"):
            begin(store, benchmark="vicuna_80", system="vicuna-13b:v1", samples=2)


def test_the_published_answers_a_judged_file_and_new_ones_make_one_study(tmp_path, data_sources):
    """Six released files, one of llm_judge's shape with two samples, and a run, on 80 questions."""
    judged = "".join(
        f'{{"question_id": {n}, "answer_id": "y{n}", "model_id": "judged", "tstamp": 1.5, '
        f'"choices": [{{"index": 0, "turns": ["A"]}}, {{"index": 1, "turns": ["B"]}}]}}\n'
        for n in range(1, 81)
    )
    with open_store(tmp_path / "data") as store:
        store._writer.execute("PRAGMA synchronous=OFF")
        import_file(store, data_sources / "vicuna_80/question.jsonl")
        for path in sorted(data_sources.glob("vicuna_80/answers/*.jsonl")):
            import_file(store, path)
        import_text(store, tmp_path, judged)
        run_id = begin(store, benchmark="vicuna_80")
        for item, sample in list_missing(store, "vicuna_80", "tiny-llama", 1):
            save_outcome(store, run_id, item, sample, FINE)
        systems = tuple(one.name for one in list_systems(store, "vicuna_80"))
        create_study(store, Plan("all", "vicuna_80", systems), "no", "test")
        assert {"judged", "tiny-llama", "alpaca-13b:v1"} <= set(systems)
        assert store.row("SELECT count(*) FROM pair")[0] == 28 * 80
