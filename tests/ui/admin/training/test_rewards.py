"""How a reward model stands beside people, as a page has it."""

import asyncio
from contextlib import closing
from dataclasses import replace

import gradio as gr
import pytest
from starlette.requests import Request

from annotations.accounts import Account, open_session
from annotations.ranking.checks import CheckEnd, CheckOrder
from backend.errors import InputError
from backend.settings import Settings
from tests.interpreters import REWARD, Models
from tests.judged import add_judgment
from tests.layouts import lay_out
from tests.ledgers import add_ballot
from tests.preferred import make_study
from ui.admin.training.rewards import Rewards, read_order, say_end
from ui.context import STAFF_COOKIE
from ui.server import make_context

STUDY = "study\nlikes"


class Known:
    """A card on the shelf."""

    def __init__(self, card):
        self.name, self.card = card.name, card


class Scorers(Models):
    """One reward model that likes long answers."""

    def __init__(self, *outcomes, **words):
        super().__init__(*outcomes, card=REWARD, answer=len, **words)

    def list_cards(self):
        return [Known(self.card)]


@pytest.fixture
def context(store):
    make_study(store)
    add_ballot(store, ("right",) * 3, pair=1)
    add_ballot(store, ("left",) * 3, pair=2)
    add_judgment(store, 1, ("terse", "wordy"), (3, 9))
    context = make_context(Settings(data=store.folder), store)
    with closing(context.models):
        yield context


@pytest.fixture
def ada(context):
    token = open_session(context.store, Account("ada", "admin"), 1)
    cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
    return gr.Request(request=Request({"type": "http", "headers": [(b"cookie", cookie.encode())]}))


def build(context, models):
    with lay_out():
        return Rewards(replace(context, models=models))


def score(rewards, ada, *chosen):
    """All that the page is told while answers are scored."""

    async def whole():
        return [told async for told in rewards.score(ada, *chosen)]

    return asyncio.run(whole())


def test_studies_and_judges_can_be_compared_with(context, ada):
    rewards = build(context, Scorers())
    cards, whom, shown = rewards.look(ada, None, None, "helpful")
    assert cards["value"] == "judge-dredd"
    assert whom["choices"] == [
        ("people in likes", STUDY), ("gpt-4 on quiz", "judge\nquiz\ngpt-4")
    ]  # fmt: skip
    assert "No pair that people decided has both scores" in shown


def test_scores_come_and_are_read_out(context, ada):
    rewards = build(context, Scorers())
    *_, (said, shown) = score(rewards, ada, "judge-dredd", STUDY, "helpful")
    assert "All answers have scores." in said
    assert "50.0% of 2 pairs that people decided" in shown
    assert "Scores by system" in shown


def test_a_judge_takes_the_place_of_people(context, ada):
    rewards = build(context, Scorers())
    *_, (_, shown) = score(rewards, ada, "judge-dredd", "judge\nquiz\ngpt-4", "helpful")
    assert "100.0% of 1 pair that gpt-4 decided" in shown


def test_what_got_no_score_is_said_by_its_name(context, ada):
    rewards = build(context, Scorers("too_long"))
    *_, (said, _) = score(rewards, ada, "judge-dredd", STUDY, "helpful")
    assert "No score came for 2 answers: too_long 2" in said


def test_a_page_that_goes_away_stops_the_scoring(context, ada):
    models = Scorers(pause_s=0.05)
    rewards = build(context, models)

    async def leave():
        going = rewards.score(ada, "judge-dredd", STUDY, "helpful")
        await anext(going)
        await anext(going)
        await going.aclose()
        await asyncio.gather(*rewards._scoring, return_exceptions=True)
        return len(models.asked)

    assert asyncio.run(leave()) <= 2


@pytest.mark.parametrize(
    ("whom", "order"),
    [
        (STUDY, CheckOrder("r", "likes", criterion="honest")),
        ("judge\nquiz\ngpt-4", CheckOrder("r", benchmark="quiz", judge="gpt-4")),
    ],
)
def test_fields_name_a_check(whom, order):
    assert read_order("r", whom, "honest") == order


@pytest.mark.parametrize("fields", [(None, STUDY), ("r", None), ("r", "study\n"), ("", "")])
def test_an_empty_field_is_said(fields):
    with pytest.raises(InputError, match="Choose a reward model"):
        read_order(*fields, "helpful")


def test_without_a_reward_model_the_page_says_how_to_get_one(context, ada):
    rewards = build(context, Scorers())
    assert "There is no reward model yet. Train one" in rewards.show(ada, None, STUDY, "helpful")


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (CheckEnd("done", "", 2, {"ok": 2}), "All answers have scores."),
        (CheckEnd("failed", "The worker died.", 2, {"ok": 1}), "The worker died."),
        (CheckEnd("cancelled", "Stopped.", 2, {"ok": 1}), "No score came for 1 answer: Stopped."),
    ],
)
def test_the_end_is_told(end, said):
    assert said in say_end(end)
