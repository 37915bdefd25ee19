import sqlite3

import pytest

from annotations.endings import mark_interrupted
from annotations.translation.orders import TranslationOrder, look_ahead_translation
from annotations.translation.runs import (
    finish_translation,
    open_press,
    read_translation_runs,
    save_translation,
    start_translation,
)
from backend.dialogue import Reply
from backend.errors import Conflict, NotFound
from tests.interpreters import Models, add_questions, translate


@pytest.fixture
def outlook(store):
    add_questions(store)
    return look_ahead_translation(store, Models(), TranslationOrder("free", "quiz", "zh"))


def test_one_run_for_a_benchmark_at_a_time(store, outlook):
    run_id = start_translation(store, "kim", outlook.start, 5)
    with pytest.raises(Conflict, match="quiz_zh is being translated already"):
        start_translation(store, "kim", outlook.start, 5)
    finish_translation(store, run_id, "done")
    assert start_translation(store, "kim", outlook.start, 5) == run_id + 1


def test_what_a_dead_process_left_is_ended_and_goes_on(store, outlook):
    start_translation(store, "kim", outlook.start, 5)
    assert mark_interrupted(store) == 1
    (run,) = read_translation_runs(store)
    assert (run.state, "it goes on" in run.message) == ("interrupted", True)
    assert translate(store, Models()).state == "done"


def test_a_run_keeps_its_first_ending(store, outlook):
    run_id = start_translation(store, "kim", outlook.start, 5)
    finish_translation(store, run_id, "failed", "No.")
    assert finish_translation(store, run_id, "done").message == "No."


def test_a_text_is_translated_once(store, outlook):
    press = open_press(store, start_translation(store, "kim", outlook.start, 5))
    key, entry = next(iter(outlook.missing.items()))
    for reply in (Reply("", "timeout"), Reply("骆驼是什么？", "ok"), Reply("另一个。", "ok")):
        save_translation(store, press, key, reply, entry.sheets.values())
    rows = store.rows("SELECT attempt, outcome, text FROM translation ORDER BY attempt")
    assert [tuple(row) for row in rows] == [(0, "timeout", ""), (1, "ok", "骆驼是什么？")]


def test_what_no_file_can_hold_is_replaced(store, outlook):
    press = open_press(store, start_translation(store, "kim", outlook.start, 5))
    key, entry = next(iter(outlook.missing.items()))
    reply = Reply("\0骆\ud800", "ok", "\0", model="\ud800")
    save_translation(store, press, key, reply, entry.sheets.values())
    assert store.row("SELECT text FROM translation")["text"] == "\ufffd骆\ufffd"


def test_nothing_that_was_translated_is_changed(store, outlook):
    translate(store, Models())
    for table in ("translation", "translated_item", "translated_benchmark"):
        with pytest.raises(sqlite3.IntegrityError, match="never"), store.write() as db:
            db.execute(f"DELETE FROM {table}")


def test_an_unknown_run_is_told(store):
    with pytest.raises(NotFound, match="no translation number 7"):
        open_press(store, 7)
