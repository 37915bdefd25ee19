"""How a case is put to a judge, and in which form its reply is read."""

import pytest

from backend.dialogue import Reply
from backend.judge.asking import build_case_messages, plan_sampling
from tests.backend.judge.jurors import (
    GOOD,
    Judge,
    make_asking,
    make_cases,
    run,
)


def test_each_prompt_has_a_boundary_of_its_own():
    kept, _ = run(Judge(GOOD), make_cases(20))
    assert len({verdict.boundary for verdict in kept.verdicts.values()}) == 20


def test_numbers_of_the_order_go_before_those_of_the_rubric():
    case = make_cases()[0]
    rubric = make_asking().protocol.find_rubric("writing")
    plain = plan_sampling(make_asking(), case)
    assert (plain.temperature, plain.max_tokens) == (rubric.temperature, rubric.max_tokens)
    asked = plan_sampling(make_asking(temperature=0.0, max_tokens=7, seed=3), case)
    assert (asked.temperature, asked.max_tokens, asked.seed) == (0.0, 7, 3)


SCHEMED = Reply('{"reasons": "9 of 10", "score_1": 8, "score_2": 9.5}', "ok")


def test_a_schema_is_asked_for_and_read():
    judge = Judge(SCHEMED)
    verdict = run(judge, form="schema")[0].only
    assert (verdict.reading.score_1, verdict.reading.score_2) == (8, 9.5)
    assert judge.words[0]["schema"]["required"] == ["reasons", "score_1", "score_2"]
    assert run(Judge(GOOD))[0].only.outcome == "ok"


def test_a_judge_that_passes_over_the_schema_is_read_as_text():
    assert run(Judge(GOOD), form="schema")[0].only.reading.score_2 == 9


@pytest.mark.parametrize(
    "text", ['{"reasons": "8 9"}', '{"score_1": 8, "score_2": 11, "a": "1 2"}']
)
def test_what_stands_inside_an_object_is_never_read_as_text(text):
    assert run(Judge(Reply(text, "ok")), form="schema")[0].only.outcome == "unreadable"


def test_without_a_boundary_a_prompt_makes_its_own():
    asking, case = make_asking(), make_cases()[0]
    assert build_case_messages(asking, case) != build_case_messages(asking, case)
    assert build_case_messages(asking, case, "ab") == build_case_messages(asking, case, "ab")
