"""What an order for answers will do, before anything is asked."""

import pytest

from annotations.generation import finish_run, read_run, save_outcome, start_run
from annotations.orders import Order, look_ahead, resume_order
from annotations.spending import LedgerPurse
from backend.answers import N_LOCAL, N_REMOTE
from backend.dialogue import Reply, Sampling
from backend.errors import Conflict, InputError, NotFound, Refused
from backend.keyring import Keyring
from backend.registry import add_card
from backend.registry.cards import LocalCard, OpenAICard, RecordedCard
from backend.switchboard import Switchboard
from backend.templates import read_template

PRICED = {"price_input_usd": 30, "price_output_usd": 60, "daily_cap_usd": 5}


@pytest.fixture
def models(store, study):
    """A switchboard over a free server, a priced one, a local model and a recorded one."""
    folder = store.folder / "weights" / "mine"
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_text("{}")
    server = {"base_url": "http://127.0.0.1:1/v1", "model": "m"}
    for card in (
        OpenAICard(name="free", **server),
        OpenAICard(name="dear", **server, **PRICED),
        LocalCard(name="mine", template="alpaca"),
        LocalCard(name="scores", path=str(folder), role="reward"),
        RecordedCard(name="past", system="Alpaca"),
    ):
        add_card(store.folder, card)
    models = Switchboard(store.folder, Keyring({}), LedgerPurse(store))
    yield models
    models.close()


def answer_some(store, models, order, n):
    """Answer the first `n` that are missing; return the run's number."""
    outlook = look_ahead(store, models, order)
    run_id = start_run(store, "kim", outlook.start)
    for item, sample in outlook.missing[:n]:
        save_outcome(store, run_id, item, sample, Reply("Done.", "ok"))
    finish_run(store, run_id, "cancelled")
    return run_id


def test_it_says_how_much_there_is_and_how_much_is_missing(store, models):
    outlook = look_ahead(store, models, Order("free", "tiny", samples=2))
    assert outlook.words == "6 items × 2 samples: 12 answers of free, 12 are missing."
    assert (outlook.n_wanted, len(outlook.missing), outlook.cost_words) == (12, 12, "")


@pytest.mark.parametrize(
    ("n", "words"), [(2, "4 are missing"), (5, "1 is missing"), (6, "nothing is missing")]
)
def test_a_second_time_it_is_only_about_the_rest(store, models, n, words):
    order = Order("free", "tiny")
    answer_some(store, models, order, n)
    assert look_ahead(store, models, order).words.endswith(f"free, {words}.")


def test_a_raised_cap_or_a_new_price_is_no_other_model(store, models):
    answer_some(store, models, Order("dear", "tiny"), 4)
    card = models.find_card("dear").model_copy(update={"daily_cap_usd": 9, "price_input_usd": 31})
    add_card(store.folder, card)
    assert look_ahead(store, models, Order("dear", "tiny")).words.endswith("dear, 2 are missing.")


def test_a_few_items_can_be_asked_for(store, models):
    outlook = look_ahead(store, models, Order("free", "tiny", n_items=2))
    assert [item.item_id for item, _ in outlook.missing] == ["i1", "i2"]
    assert outlook.words.startswith("2 items × 1 sample: 2 answers")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"samples": 0}, "Samples is 0"),
        ({"samples": 101}, "it can be 1 to 100"),
        ({"sampling": Sampling(temperature=2.5)}, "Temperature is 2.5"),
        ({"sampling": Sampling(top_p=0)}, "Top-p is 0"),
        ({"sampling": Sampling(top_k=-1)}, "Top-k is -1"),
        ({"sampling": Sampling(max_tokens=0)}, "Longest answer is 0"),
        ({"n_items": -1}, "Items is -1"),
        ({"n_parallel": 1000}, "At a time is 1000"),
        ({"samples": 5, "sampling": Sampling(temperature=0)}, "all 5 samples would be the same"),
        ({"template": "alpaca"}, "leave the template empty"),
        ({"model": ""}, "Choose a model"),
    ],
)
def test_what_makes_no_sense_is_said_with_its_value(store, models, changed, words):
    told = {"model": "free", "benchmark": "tiny", **changed}
    with pytest.raises(InputError, match=words):
        look_ahead(store, models, Order(**told))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("past", "can't be asked anything new"),
        ("scores", "gives scores"),
        ("alpaca-7b", "no weights"),
        ("gpt-4", "OPENAI_API_KEY is not set"),
    ],
)
def test_a_model_that_cannot_answer_says_why(store, models, model, words):
    with pytest.raises(Refused, match=words):
        look_ahead(store, models, Order(model, "tiny"))


@pytest.mark.parametrize(
    "order",
    [Order("nobody", "tiny"), Order("free", "nothing"), Order("mine", "tiny", template="none")],
)
def test_what_is_not_there_is_not_found(store, models, order):
    with pytest.raises(NotFound, match=r"There (is|are)"):
        look_ahead(store, models, order)


def test_a_name_that_stands_for_other_answers_is_refused_before_the_start(store, models):
    answer_some(store, models, Order("free", "tiny"), 1)
    with pytest.raises(Conflict, match="another sampling"):
        look_ahead(store, models, Order("free", "tiny", sampling=Sampling(temperature=1)))
    other = Order("free", "tiny", sampling=Sampling(temperature=1), name="hotter")
    assert len(look_ahead(store, models, other).missing) == 6


def test_the_ledger_is_told_of_the_template(store, models):
    start = look_ahead(store, models, Order("mine", "tiny")).start
    assert (start.template, start.template_sha256) == ("alpaca", read_template("alpaca").sha256)
    start = look_ahead(store, models, Order("mine", "tiny", template="chatml")).start
    assert start.template_sha256 == read_template("chatml").sha256


def test_what_is_paid_is_estimated_before_with_what_is_left_of_the_cap(store, models):
    purse = LedgerPurse(store)
    purse.settle(purse.reserve("dear", 2, 5), 1.5)
    order = Order("dear", "tiny", sampling=Sampling(max_tokens=1000))
    outlook = look_ahead(store, models, order)
    assert outlook.cost_usd == pytest.approx(6 * (60_000 + 30 * 12) / 1e6, rel=0.01)
    assert outlook.cost_words == (
        "It costs $0.36 at most; $3.50 of today's cap of $5.00 for dear are left."
    )


def test_a_device_here_is_kept_fuller_than_a_server_elsewhere(store, models):
    here, there, told = (
        look_ahead(store, models, Order(model, "tiny", n_parallel=n)).asking.n_parallel
        for model, n in (("mine", 0), ("free", 0), ("free", 3))
    )
    assert (here, there, told) == (N_LOCAL, N_REMOTE, 3)


def test_a_run_is_resumed_with_the_words_it_was_started_with(store, models):
    sampling = Sampling(temperature=0.2, top_p=0.9, top_k=5, max_tokens=77)
    order = Order("mine", "tiny", 3, sampling, "warm", "Be brief.", "chatml", 4)
    run_id = answer_some(store, models, order, 5)
    again = resume_order(read_run(store, run_id))
    assert again == order
    assert len(look_ahead(store, models, again).missing) == 7
