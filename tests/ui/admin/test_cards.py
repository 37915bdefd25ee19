import gradio as gr
import pytest
from starlette.requests import Request

from annotations.accounts import Account, open_session
from backend.errors import Conflict, InputError
from backend.registry import add_card, find_card
from backend.registry.cards import LocalCard, OpenAICard, RecordedCard
from backend.settings import Settings
from tests.layouts import lay_out
from ui.admin.cards import ALL, BLANK, CardForm, build_card, list_recorded, read_fields, save_card
from ui.context import STAFF_COOKIE
from ui.server import make_context

SERVER = {"base_url": "http://127.0.0.1:8000/v1", "model": "m"}


def fill(**said):
    """What the form's fields hold."""
    return {**BLANK, **said}


@pytest.fixture
def context(store):
    return make_context(Settings(data=store.folder), store)


@pytest.fixture
def form(context):
    with lay_out():
        yield CardForm(context)


def ask_as(context, role):
    headers = []
    if role:
        token = open_session(context.store, Account("ada", role), 1)
        cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
        headers.append((b"cookie", cookie.encode()))
    return gr.Request(request=Request({"type": "http", "headers": headers}))


@pytest.mark.parametrize(
    ("kind", "said", "card"),
    [
        (
            "local",
            {"path": " /x ", "template": "alpaca", "context": 512.0, **SERVER},
            LocalCard(name="new", path="/x", template="alpaca", context=512),
        ),
        (
            "openai",
            {**SERVER, "price_input_usd": " 2.5", "price_output_usd": "10", "daily_cap_usd": 3},
            OpenAICard(name="new", **SERVER, price_input_usd=2.5, price_output_usd=10,
                       daily_cap_usd=3),
        ),
        ("openai", SERVER, OpenAICard(name="new", **SERVER)),
        ("recorded", {"system": "Alpaca"}, RecordedCard(name="new", system="Alpaca")),
    ],
)  # fmt: skip
def test_a_form_becomes_a_card_of_its_kind(kind, said, card):
    assert build_card(kind, fill(name="new", **said)) == card


def test_an_unknown_price_is_not_a_price_of_nothing():
    card = build_card("openai", fill(name="new", **SERVER))
    assert (card.price_input_usd, card.price_output_usd) == (None, None)
    assert build_card("openai", fill(name="x", price_input_usd="0", **SERVER)).price_input_usd == 0


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        (None, {}, "what kind"),
        ("openai", {}, "base_url"),
        ("openai", {**SERVER, "price_input_usd": "a lot"}, "price_input_usd 'a lot'"),
        ("local", {"device": "gpu"}, "device 'gpu'"),
        ("recorded", {}, "system"),
    ],
)
def test_a_wrong_field_is_named_with_its_value(kind, said, words):
    with pytest.raises(InputError, match=words):
        build_card(kind, fill(name="new", **said))


def test_a_card_is_saved_and_what_it_lacks_is_said(context):
    said = save_card(context.models, "local", fill(name="new", template="alpaca"))
    assert said[0].startswith("new is saved. new has no weights here.")
    assert "weights/new" in said[1]
    free = fill(name="here", **SERVER)
    assert save_card(context.models, "openai", free) == ["here is saved, and can be asked."]
    assert find_card(context.settings.data, "here") == OpenAICard(name="here", **SERVER)


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "x" * 65])
def test_no_name_leaves_the_folder(context, name):
    with pytest.raises(InputError, match="name"):
        save_card(context.models, "local", fill(name=name))
    assert not (context.settings.data / "models").exists()


def test_what_the_form_has_no_field_for_stays(context):
    kind, values = read_fields(context.models, "opt-1.3b-reward")
    words = dict(zip(ALL, values, strict=True)) | {"path": "/mine", "context": 1024}
    save_card(context.models, kind, words)
    card = find_card(context.settings.data, "opt-1.3b-reward")
    assert (card.role, card.path, card.context) == ("reward", "/mine", 1024)
    assert card.source


def test_a_form_that_is_filled_from_a_card_makes_the_same_card(context):
    card = OpenAICard(name="x", **SERVER, price_input_usd=0, price_output_usd=7, key_env="A_KEY")
    add_card(context.settings.data, card)
    kind, values = read_fields(context.models, "x")
    assert build_card(kind, dict(zip(ALL, values, strict=True))) == card


def test_a_checkpoint_keeps_its_name(context):
    folder = context.settings.data / "checkpoints" / "one"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text('{"name": "mine", "template": "alpaca"}')
    with pytest.raises(Conflict, match="checkpoint"):
        save_card(context.models, "local", fill(name="mine", path="/x"))


def test_systems_with_answers_are_offered(store, study):
    assert list_recorded(store) == ["Alpaca", "LLaMA-GPT4"]


def test_only_the_fields_of_one_kind_are_shown(context, form):
    request = ask_as(context, "admin")
    assert [one["visible"] for one in form.choose(request, "openai")] == [False, True, False]
    assert form.copy(request, "gpt-4")[0] == "openai"


@pytest.mark.parametrize("role", [None, "researcher"])
def test_nobody_but_an_admin_is_answered(context, form, role):
    request = ask_as(context, role)
    values = fill(name="new", **SERVER).values()
    for act in (
        lambda: form.look(request),
        lambda: form.choose(request, "local"),
        lambda: form.copy(request, "gpt-4"),
        lambda: form.add(request, "openai", *values),
    ):
        with pytest.raises(gr.Error, match="session has ended"):
            act()
    assert not (context.settings.data / "models").exists()
