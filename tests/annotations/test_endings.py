"""How runs of any kind end in the ledger."""

from annotations.endings import TABLES, end_run, mark_interrupted
from annotations.judging.orders import look_ahead_judge
from annotations.judging.runs import read_judge_run, start_judge_run
from tests.judged import make_questions
from tests.judges import ORDER, Judge


def test_no_kind_of_run_is_forgotten(store):
    found = store.rows(
        """SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND c.name = 'finished_at' AND t.name LIKE '%run'"""
    )
    assert {row["name"] for row in found} == set(TABLES)


def test_what_goes_on_is_interrupted_and_what_has_ended_stays(store):
    make_questions(store)
    outlook = look_ahead_judge(store, Judge(), ORDER)
    ended = start_judge_run(store, "kim", outlook)
    with store.write() as db:
        end_run(db, "judge_run", ended, "failed", "half \ud83d", 5.0)
    left = start_judge_run(store, "kim", outlook)
    assert (mark_interrupted(store), mark_interrupted(store)) == (1, 0)
    run = read_judge_run(store, ended)
    assert (run.state, run.message, run.finished_at) == ("failed", "half \ufffd", 5.0)
    assert read_judge_run(store, left).state == "interrupted"
