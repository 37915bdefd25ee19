"""What an order for judgments will do and cost, before anything is asked."""

import re
from dataclasses import replace

import pytest

from annotations.imports import import_file
from annotations.judging.judging import JudgeErrand
from annotations.judging.orders import BOUNDARY, JudgeOrder, hash_judge, look_ahead_judge
from annotations.judging.wishes import read_order, write_order
from annotations.spending import LedgerPurse
from backend.call import Call
from backend.errors import InputError, NotFound, Refused
from backend.judge.asking import Asking, build_case_messages, plan_sampling
from backend.judge.protocols import read_protocol
from backend.judge.verdicts import SCHEMA
from backend.keyring import Keyring
from backend.money import count_tokens, estimate
from backend.registry import add_card, fill_prices
from backend.registry.cards import LocalCard, OpenAICard, RecordedCard
from backend.switchboard import Switchboard
from tests.judged import make_questions
from tests.judges import ORDER, Judge, judge
from tests.ledgers import open_store

LOCAL = "http://127.0.0.1:1/v1"
OPENAI = "https://api.openai.com/v1"
PRICED = {"price_input_usd": 10, "price_output_usd": 30, "daily_cap_usd": 5}
CARDS = (
    OpenAICard(name="free", base_url=LOCAL, model="m"),
    OpenAICard(name="dear", base_url=LOCAL, model="m", **PRICED),
    OpenAICard(name="closed", base_url=LOCAL, model="m", **PRICED | {"daily_cap_usd": 0}),
    OpenAICard(name="dated", base_url=OPENAI, model="gpt-4-0613", daily_cap_usd=5),
    OpenAICard(name="unknown", base_url="https://example.org/v1", model="m", daily_cap_usd=5),
    OpenAICard(name="structured", base_url=LOCAL, model="m", structured=True),
    LocalCard(name="scores", role="reward"),
    RecordedCard(name="past", system="alpaca"),
)


@pytest.fixture
def store(tmp_path):
    """Three questions that three systems have answered."""
    with open_store(tmp_path) as store:
        make_questions(store)
        for card in CARDS:
            add_card(store.folder, card)
        yield store


@pytest.fixture
def models(store):
    """A switchboard over all kinds of cards."""
    models = Switchboard(store.folder, Keyring({}), LedgerPurse(store))
    yield models
    models.close()


def test_it_says_how_much_there_is_to_ask(store, models):
    outlook = look_ahead_judge(store, models, ORDER)
    assert outlook.words == ("12 judgments of free on 3 items of vicuna_80: 12 are to be asked.")
    assert (len(outlook.tasks), outlook.cost_words, outlook.problem) == (12, "", "")


def test_a_second_time_it_says_what_is_known(store, models):
    replies = iter(["7 8", "", "7 8"])
    judge(store, Judge(lambda _: next(replies)), replace(ORDER, n_items=1, n_parallel=1,
          systems=("bard",)))  # fmt: skip
    told = replace(ORDER, n_items=1, judge="free")
    outlook = look_ahead_judge(store, Judge(), told)
    assert outlook.words == (
        "4 judgments of free on 1 item of vicuna_80: 2 are to be asked. 2 known already. "
        "1 ended without a verdict before; retry asks again."
    )
    retried = look_ahead_judge(store, Judge(), replace(told, retry=True))
    assert (len(retried.tasks), retried.n_cached, retried.n_failed) == (3, 1, 0)


def test_what_is_of_the_same_texts_is_no_news_and_not_known_either(store, models):
    store._writer.execute("DROP TRIGGER answer_no_update")
    store._writer.execute("UPDATE answer SET text = 'Same.' WHERE system_id IN (1, 2)")
    outlook = look_ahead_judge(store, models, ORDER)
    assert (len(outlook.tasks), outlook.n_cached, outlook.n_twins) == (6, 0, 6)
    assert outlook.words.endswith("6 of the same texts as one of these, without a call.")


def test_an_answer_that_has_no_such_sample_is_said_to_lack_it(store, models):
    outlook = look_ahead_judge(store, models, replace(ORDER, sample=3))
    assert "bard has not answered 3 items with sample 3." in outlook.words


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_chinese_questions_are_for_figure_5(tmp_path, lang):
    with open_store(tmp_path) as store:
        make_questions(store, lang=lang)
        outlook = look_ahead_judge(store, Judge(), ORDER)
        assert outlook.is_chinese == (lang == "zh")


def test_without_systems_all_but_the_references_are_judged(store, models):
    outlook = look_ahead_judge(store, models, replace(ORDER, systems=()))
    assert outlook.order.systems == ("alpaca", "bard")


def test_answers_that_lack_are_named(store, models):
    store._writer.execute("DROP TRIGGER answer_no_delete")
    store._writer.execute("DELETE FROM answer WHERE system_id = 2 AND item_id > 1")
    outlook = look_ahead_judge(store, models, ORDER)
    assert outlook.words.endswith("bard has not answered 2 items.")
    assert outlook.n_tasks == 2 * 3 + 2


def test_money_is_counted_at_most_with_and_without_reminders(store, models):
    order = replace(ORDER, judge="dear", n_items=1, systems=("bard",), orders="published",
                    max_tokens=1000, cap_usd=2.5)  # fmt: skip
    outlook = look_ahead_judge(store, models, order)
    (task,) = outlook.tasks
    assert 0.03 < outlook.cost_usd < 0.03 + 10e-6 * 2000
    assert outlook.worst_usd > 2 * outlook.cost_usd + 10e-6 * 1000
    assert re.fullmatch(
        r"At the prices of its card it costs \$0\.0\d at most, or \$0\.0\d if no reply could be "
        r"read at first; \$5\.00 of today's cap of \$5\.00 for dear are left\. It stops at "
        r"\$2\.50\.", outlook.cost_words,
    )  # fmt: skip
    assert count_tokens([]) == 0 and task.case.answer_1 == "bard says 1."


def test_a_schema_costs_what_it_adds_to_each_prompt(store, models):
    order = replace(ORDER, judge="dear", protocol="camelid", form="schema")
    outlook = look_ahead_judge(store, models, order)
    priced = fill_prices(outlook.card)
    spent = 0.0
    for task in outlook.tasks:
        longest = plan_sampling(outlook.asking, task.case).max_tokens
        messages = build_case_messages(outlook.asking, task.case, BOUNDARY)
        call = Call(priced, {}, estimate(priced, messages, longest), 0.0, None)
        call.ask_for(SCHEMA)
        spent += call.ceiling_usd
    assert outlook.cost_usd == pytest.approx(spent)


def test_published_prices_are_told_with_their_date(store, models):
    outlook = look_ahead_judge(store, models, replace(ORDER, judge="dated"))
    assert re.search(r"At prices of 20\d\d-\d\d-\d\d it costs", outlook.cost_words)


def test_an_unknown_price_is_said_and_nothing_is_asked_then(store, models):
    order = replace(ORDER, judge="unknown")
    outlook = look_ahead_judge(store, models, order)
    assert (outlook.cost_usd, "at an unknown price" in outlook.cost_words) == (None, True)
    with pytest.raises(Refused, match="The price of unknown is not known"):
        JudgeErrand(store, models, order, "kim")


def test_the_estimate_comes_before_the_cap_is_raised(store, models):
    outlook = look_ahead_judge(store, models, replace(ORDER, judge="closed"))
    assert outlook.cost_usd > 0
    assert "daily cap is 0" in outlook.problem
    with pytest.raises(Refused, match="daily cap is 0"):
        JudgeErrand(store, models, replace(ORDER, judge="closed", canaries=True), "kim")
    assert store.row("SELECT count(*) FROM judge_run")[0] == 0
    assert store.row("SELECT count(*) FROM source_file WHERE kind = 'canary'")[0] == 0


@pytest.mark.parametrize(
    ("judge", "form", "protocol", "asked"),
    [
        ("structured", "auto", "camelid", "schema"), ("structured", "text", "camelid", "text"),
        ("free", "auto", "camelid", "text"), ("free", "schema", "camelid", "schema"),
    ],
)  # fmt: skip
def test_judges_that_can_reply_in_a_form(store, models, judge, form, protocol, asked):
    order = replace(ORDER, judge=judge, form=form, protocol=protocol)
    assert look_ahead_judge(store, models, order).asking.form == asked


@pytest.mark.parametrize(
    ("changed", "error", "problem"),
    [
        ({"judge": ""}, InputError, "Choose a judge"),
        ({"judge": "nobody"}, NotFound, "no model 'nobody'"),
        ({"judge": "past"}, Refused, "is recorded"),
        ({"judge": "scores"}, Refused, "gives scores, not replies"),
        ({"benchmark": "x"}, NotFound, "no benchmark 'x'"),
        ({"against": ()}, InputError, "--against"),
        ({"systems": ("nobody",)}, NotFound, r"no answers of 'nobody' to vicuna_80\. There are: "),
        ({"against": ("nobody",)}, NotFound, "no answers of 'nobody'"),
        ({"protocol": "other"}, InputError, "'other'; it can be camelid or original"),
        ({"protocol": "original"}, NotFound, r"prompt\.jsonl"),
        ({"protocol": "original", "form": "schema"}, InputError, "asks for text"),
        ({"orders": "one"}, InputError, "both or published"),
        ({"wants": "all"}, InputError, "scores or wins"),
        ({"form": "xml"}, InputError, "auto or text or schema"),
        ({"repeats": 0}, InputError, "Repeats is 0"),
        ({"temperature": 3}, InputError, "Temperature is 3"),
        ({"max_tokens": 0}, InputError, "Longest reply is 0"),
        ({"cap_usd": -1}, InputError, "The cap is -1"),
        ({"cap_usd": float("nan")}, InputError, "The cap is nan"),
        ({"n_items": -1}, InputError, "Items is -1"),
        ({"n_parallel": 1000}, InputError, "At a time is 1000"),
    ],
)
def test_what_can_not_be_done_is_said_and_why(store, models, changed, error, problem):
    with pytest.raises(error, match=problem):
        look_ahead_judge(store, models, replace(ORDER, **changed))


def test_an_order_comes_back_from_the_ledger_as_it_was(store):
    order = JudgeOrder("a", "b", ("c", "d"), ("e",), cap_usd=1.5, seed=3, canaries=True)
    assert read_order(write_order(order)) == order
    assert order.aim == replace(order, cap_usd=None)


def test_chinese_questions_are_judged_in_chinese(tmp_path):
    with open_store(tmp_path) as store:
        make_questions(store, lang="zh")
        assert look_ahead_judge(store, Judge(), ORDER).protocol.lang == "zh"


def test_the_published_prompts_are_the_original_protocol(tmp_path, data_sources):
    with open_store(tmp_path) as store:
        make_questions(store)
        for name in ("prompt", "reviewer"):
            import_file(store, data_sources / f"vicuna_80/{name}.jsonl")
        outlook = look_ahead_judge(store, Judge(), replace(ORDER, protocol="original"))
        assert set(outlook.protocol.rubrics) == {"general", "coding", "math"}


@pytest.mark.parametrize(
    ("card", "form", "lang"),
    [
        (LocalCard(name="ours", template="vicuna_v1.1"), "text", "en"),
        (LocalCard(name="ours"), "schema", "en"), (LocalCard(name="ours"), "text", "zh"),
        (LocalCard(name="theirs"), "text", "en"),
    ],
)  # fmt: skip
def test_a_judge_is_another_with_another_card_template_schema_or_reminder(card, form, lang):
    usual = hash_judge(LocalCard(name="ours"), Asking(read_protocol("en")))
    assert hash_judge(card, Asking(read_protocol(lang), form)) != usual
    assert hash_judge(LocalCard(name="ours", note="Big."), Asking(read_protocol("en"))) == usual
