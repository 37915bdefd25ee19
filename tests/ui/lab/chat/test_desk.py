import pytest

from annotations.conversations import find_talk, save_reply
from backend.dialogue import Reply
from backend.errors import Conflict, InputError, NotFound, Refused
from ui.lab.chat.desk import Desk, Form, list_failed, mark_answers, may_vote
from ui.lab.chat.seats import Pick

NAMED = Form(prompt="Hi.", mode="named", picks=(Pick("ape"), Pick("bear")))
VOTES = {"helpful": "0", "honest": "tie", "harmless": "bad"}


@pytest.fixture
def desk(store, models):
    return Desk(store, models, "kim")


def mark(desk, talk):
    """What a page says that shows the latest answers."""
    return mark_answers(desk.find(talk.key).turns[-1])


def answer(store, talk, outcomes=("ok", "ok")):
    for place, outcome in enumerate(outcomes):
        save_reply(store, talk.turns[-1].turn_id, place, Reply("Yes.", outcome), store.clock())
    return find_talk(store, talk.key, talk.actor)


def test_the_first_message_begins_a_conversation_and_the_next_goes_on_in_it(store, desk):
    talk = desk.say(NAMED)
    assert [seat.model for seat in talk.seats] == ["ape", "bear"]
    again = desk.say(Form(key=talk.key, prompt="And?", picks=NAMED.picks))
    assert [turn.prompt for turn in again.turns] == ["Hi.", "And?"]
    assert [one.key for one in desk.list_earlier()] == [talk.key]


def test_a_refused_message_leaves_nothing_behind(store, desk):
    for form in (Form(prompt=" "), Form(prompt="x", mode="named"),
                 Form(prompt="x", candidates=("ape",))):  # fmt: skip
        with pytest.raises((InputError, Refused)):
            desk.say(form)
    assert store.row("SELECT count(*) AS n FROM conversation")["n"] == 0


def test_a_battle_keeps_two_of_the_candidates_secret(desk):
    talk = desk.say(Form(prompt="Hi.", candidates=("ape", "cat")))
    assert {seat.model for seat in talk.seats} == {"ape", "cat"}
    assert not talk.is_open and desk.say(Form(key=talk.key, prompt="x")).mode == "blind"


def test_other_settings_hold_from_the_next_message_on(store, desk):
    talk = desk.say(NAMED)
    picks = (Pick("ape", system="Be brief."), Pick("bear", max_tokens=9))
    after = desk.say(Form(key=talk.key, prompt="And?", picks=picks))
    assert [seat.version for seat in after.seats] == [1, 1]
    assert after.seats[0].system == "Be brief." and after.seats[1].sampling.max_tokens == 9


def test_an_edited_message_is_another_edition_of_the_last_turn_only(store, desk):
    talk = answer(store, desk.say(NAMED))
    edited = desk.say(
        Form(key=talk.key, editing=talk.turns[-1].turn_id, prompt="Ho.", picks=NAMED.picks)
    )
    assert [(turn.prompt, turn.edition) for turn in edited.turns] == [("Ho.", 1)]
    with pytest.raises(Conflict):
        desk.say(Form(key=talk.key, editing=talk.turns[-1].turn_id, prompt="?", picks=NAMED.picks))


def test_all_sides_are_asked_again_or_those_that_failed(store, desk):
    talk = answer(store, desk.say(NAMED), ("ok", "cut_off"))
    assert list_failed(talk.turns[-1]) == [1] and not may_vote(talk)
    assert desk.ask_again(talk.key, "failed")[1] == [1]
    assert desk.ask_again(talk.key, "all")[1] == [0, 1]
    answer(store, talk)
    with pytest.raises(Refused, match="Every side has answered"):
        desk.ask_again(talk.key, "failed")


def test_votes_can_be_changed_until_the_next_message(store, desk):
    talk = answer(store, desk.say(NAMED))
    after, said = desk.vote(talk.key, VOTES, " ok ", shown=mark(desk, talk))
    assert said.startswith("Saved") and after.turns[-1].ballot.comment == "ok"
    after, _ = desk.vote(talk.key, {**VOTES, "honest": "1"}, "", shown=mark(desk, talk))
    assert after.turns[-1].ballot.choices["honest"] == "1"
    desk.say(Form(key=talk.key, prompt="And?", picks=NAMED.picks))
    with pytest.raises(Refused):
        desk.vote(talk.key, VOTES, "", shown=mark(desk, talk))


def test_votes_are_about_the_answers_that_the_page_shows_and_no_later_ones(store, desk):
    talk = answer(store, desk.say(NAMED))
    shown = mark(desk, talk)
    answer(store, desk.ask_again(talk.key, "all")[0])  # in another tab
    with pytest.raises(Conflict, match="not saved"):
        desk.vote(talk.key, VOTES, "", shown=shown)
    answer(store, desk.say(Form(key=talk.key, prompt="And?", picks=NAMED.picks)))
    for stale in (shown, "", "1"):
        with pytest.raises(Conflict):
            desk.vote(talk.key, VOTES, "", shown=stale)
    after, _ = desk.vote(talk.key, VOTES, "", shown=mark(desk, talk))  # the control
    assert [turn.ballot is None for turn in after.turns] == [True, False]


def test_a_question_left_open_is_named_in_the_words_of_the_study(store, desk):
    talk = answer(store, desk.say(NAMED))
    with pytest.raises(InputError, match="Please answer first: honest, harmless"):
        votes = {"helpful": "0", "honest": None, "harmless": None}
        desk.vote(talk.key, votes, "", shown=mark(desk, talk))


def test_names_come_after_the_vote_and_no_vote_after_the_names(store, desk):
    talk = answer(store, desk.say(Form(prompt="Hi.")))
    blind, _ = desk.vote(talk.key, VOTES, "", shown=mark(desk, talk))
    assert not blind.is_open
    shown, said = desk.vote(talk.key, VOTES, "", shown=mark(desk, talk), show_names=True)
    assert shown.revealed and "takes no more votes" in said
    with pytest.raises(Refused):
        desk.vote(talk.key, VOTES, "later", shown=mark(desk, talk))


def test_nobody_else_sees_a_conversation(store, models, desk):
    talk = answer(store, desk.say(NAMED))
    other = Desk(store, models, "lee")
    for act in (
        lambda: other.find(talk.key),
        lambda: other.say(Form(key=talk.key, prompt="x", picks=NAMED.picks)),
        lambda: other.ask_again(talk.key, "all"),
        lambda: other.vote(talk.key, VOTES, "", shown=mark(desk, talk)),
    ):
        with pytest.raises(NotFound):
            act()
    assert other.find("") is None and other.list_earlier() == []
