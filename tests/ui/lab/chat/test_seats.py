import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InputError, NotFound, Refused
from backend.registry import add_card
from backend.registry.cards import LocalCard, OpenAICard
from ui.lab.chat.seats import (
    MAX_PROMPT,
    MAX_SYSTEM,
    Menu,
    Pick,
    check_prompt,
    list_candidates,
    list_own_templates,
    make_seats,
    read_menu,
    read_sampling,
    renew_seat,
)


def test_a_menu_tells_who_can_run_and_what_the_others_need(models):
    menu = read_menu(models)
    assert [card.name for card in menu.ready] == ["ape", "bear", "cat"]
    absent = {one.label: one for one in menu.absent}
    assert "can't be asked anything new" in absent["dodo"].why
    assert "GPT-4" in absent and absent["GPT-4"].todo


def test_two_models_of_one_label_are_told_apart():
    cards = [OpenAICard(name=name, title="Same", base_url="http://h/v1", model="m")
             for name in ("a", "b")]  # fmt: skip
    assert Menu(tuple(cards)).choices == [("Same (a)", "a"), ("Same (b)", "b")]


def test_a_battle_is_drawn_among_all_or_those_wanted(models):
    menu = read_menu(models)
    pick = Pick(system=" Be brief. ", max_tokens=7)
    assert [seat.model for seat in list_candidates(menu, (), pick)] == ["ape", "bear", "cat"]
    chosen = list_candidates(menu, ("cat", "ape", "gone"), pick)
    assert [seat.model for seat in chosen] == ["ape", "cat"]
    assert {(seat.system, seat.sampling.max_tokens) for seat in chosen} == {("Be brief.", 7)}


@pytest.mark.parametrize(
    ("wanted", "words"), [(("ape",), "at least two"), ((), "models are added")]
)
def test_fewer_than_two_are_no_battle(models, wanted, words):
    menu = read_menu(models) if wanted else Menu()
    with pytest.raises(Refused, match=words):
        list_candidates(menu, wanted, Pick())


def test_a_side_without_a_model_and_one_that_cannot_run_are_refused(models):
    with pytest.raises(InputError, match="response 2"):
        make_seats(models, [Pick("ape"), Pick("")])
    with pytest.raises(Refused, match="recorded"):
        make_seats(models, [Pick("ape"), Pick("dodo")])
    with pytest.raises(NotFound, match="'zzz'"):
        make_seats(models, [Pick("ape"), Pick("zzz")])


def test_a_local_model_keeps_its_template_and_its_hash(models, tmp_path):
    add_card(tmp_path, LocalCard(name="own", template="alpaca"))
    assert [one for _, one in list_own_templates(models, "own")][:1] == [""]
    assert list_own_templates(models, "ape") is None
    seat = make_seats(models, [Pick("ape"), Pick("bear", template="alpaca")])[1]
    assert (seat.template, seat.template_sha256) == ("", "")  # a server has its own
    local = renew_seat(models, seat.__class__(0, "own", "own", "old"))
    assert local.template == "alpaca" and len(local.template_sha256) == 64
    assert local.card_sha256 != "old"


def test_a_seat_whose_card_is_gone_stays_as_it_was(models):
    seat = make_seats(models, [Pick("ape"), Pick("bear")])[0]
    gone = seat.__class__(**{**{f: getattr(seat, f) for f in seat.__slots__}, "model": "gone"})
    assert renew_seat(models, gone, Pick(system="x")).system == "x"


@pytest.mark.parametrize(
    "fault",
    [{"temperature": 2.1}, {"temperature": None}, {"top_p": 0}, {"top_k": -1}, {"max_tokens": 0},
     {"max_tokens": 5000}],
)  # fmt: skip
def test_a_value_out_of_range_is_said_with_its_range(fault):
    with pytest.raises(InputError, match="between"):
        read_sampling(Pick(**fault))


@given(st.floats(0, 2), st.floats(0.01, 1), st.integers(0, 1000), st.integers(1, 4096))
def test_every_value_in_range_is_taken_as_it_is(temperature, top_p, top_k, max_tokens):
    sampling = read_sampling(Pick("", "", "", temperature, top_p, top_k, max_tokens))
    assert sampling.temperature == temperature and sampling.max_tokens == max_tokens


def test_a_message_is_something_and_not_endless(models):
    assert check_prompt("\n a \n") == " a "
    assert len(check_prompt("中" * MAX_PROMPT)) == MAX_PROMPT
    for text, words in ((" \n", "Write something"), ("x" * (MAX_PROMPT + 1), "8,001 characters")):
        with pytest.raises(InputError, match=words):
            check_prompt(text)
    with pytest.raises(InputError, match="2,001 characters"):
        make_seats(models, [Pick("ape", system="x" * (MAX_SYSTEM + 1)), Pick("bear")])
