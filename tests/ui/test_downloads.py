import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from annotations.accounts import Account, open_session
from annotations.conversations import (
    Seat,
    add_turn,
    cast_ballot,
    find_talk,
    reveal,
    save_reply,
    start_battle,
    start_talk,
)
from annotations.exports import EXPORTS
from backend.dialogue import Reply
from backend.errors import InputError, MissingTool
from backend.settings import Settings
from tests.judged import add_judgment, make_questions
from tests.ledgers import add_ballot
from ui.context import STAFF_COOKIE
from ui.downloads import Downloads, answer, name_file
from ui.press import Press
from ui.prints import FORMATS
from ui.server import make_context

pytestmark = pytest.mark.slow


@pytest.fixture
def client(store):
    app = FastAPI()
    app.include_router(Downloads(make_context(Settings(), store)).routes())
    return TestClient(app)


@pytest.mark.parametrize("kind", EXPORTS)
def test_every_export_comes_as_a_file(store, study, client, kind):
    add_ballot(store, ["left", "tie", "right"], comment="é, 中")
    for format in ("", *EXPORTS[kind].formats):
        answer = client.get(f"/lab/export/{kind}", params={"study": "study", "format": format})
        assert answer.status_code == 200
        name = f"study-{kind}.{format or EXPORTS[kind].formats[0]}"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert len(answer.content) > 100 or kind == "agreement"  # nothing was judged


def test_a_format_that_a_kind_does_not_come_in_is_said(store, study, client):
    answer = client.get("/lab/export/history?study=study&format=csv")
    assert (answer.status_code, "choose from jsonl, parquet" in answer.text) == (409, True)


def test_everything_comes_in_one_archive_with_its_manifest(store, study, client):
    add_ballot(store, ["left", "tie", "right"], comment="é")
    press = Press(Path("/nowhere/chromium"))
    app = FastAPI()
    app.include_router(Downloads(make_context(Settings(), store), press).routes())
    answer = TestClient(app).get("/lab/export/everything?study=study")
    assert answer.headers["content-type"] == "application/zip"
    with ZipFile(io.BytesIO(answer.content)) as archive:
        told = json.loads(archive.read("study/manifest.json"))
        for file in told["files"]:
            body = archive.read(f"study/{file['name']}")
            assert hashlib.sha256(body).hexdigest() == file["sha256"]
    names = {file["name"] for file in told["files"]}
    assert {"votes.csv", "tallies.csv", "history.jsonl", "figure_3.html"} <= names


def test_an_export_holds_the_votes(store, study, client):
    add_ballot(store, ["left", "tie", "right"])
    rows = client.get("/lab/export/votes?study=study").text
    winners = [row["winner"] for row in csv.DictReader(io.StringIO(rows))]
    assert winners == ["a", "tie", "b"]


def test_what_people_wrote_keeps_its_characters(store, study, client):
    add_ballot(store, ["tie"] * 3, comment="é, 中\nline two")
    (line,) = client.get("/lab/export/history?study=study").text.splitlines()
    assert json.loads(line)["comment"] == "é, 中\nline two"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/lab/export/votes?study=other", "There is no study 'other'"),
        ("/lab/export/votes", "There is no study ''"),
        ("/lab/export/votes?study=%00%ff", "There is no study"),
        ("/lab/export/passwords?study=study", "There is no export 'passwords'"),
        ("/lab/figure/3?study=other", "There is no study 'other'"),
        ("/lab/figure/3?study=study&format=exe", "There is no format 'exe'"),
        ("/lab/figure/4?format=exe", "There is no format 'exe'"),
        ("/lab/figure/6?format=csv", "There is no figure 6 yet"),
    ],
)
def test_what_is_not_there_is_said(study, client, path, words):
    answer = client.get(path)
    assert answer.status_code == 404
    assert words in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("format", ["csv", "html"])
def test_a_figure_comes_as_a_file(store, study, client, format):
    add_ballot(store, ["left", "tie", "right"])
    answer = client.get(f"/lab/figure/3?study=study&format={format}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f'"study-figure-3.{format}"')
    assert len(answer.content) > 100


@pytest.mark.parametrize("number", ["4", "5"])
def test_figures_of_judgments_come_as_files(store, client, number):
    answer = client.get(f"/lab/figure/{number}?source=published&format=csv")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f'"figure-{number}.csv"')
    assert "published" in answer.text
    assert client.get(f"/lab/figure/{number}?format=csv").text.count("\n") == 1


def test_every_format_has_a_media_type(store, study, client):
    for format in FORMATS:
        assert "no format" not in client.get(f"/lab/figure/3?study=study&format={format}").text


@pytest.mark.parametrize(
    ("error", "status"), [(MissingTool("No Chromium."), 503), (InputError("No."), 409)]
)
def test_a_fault_is_a_sentence_and_no_crash(error, status):
    def fail():
        raise error

    response = answer(fail)
    assert (response.status_code, response.body.decode()) == (status, str(error))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Figure 3 (a)", "Figure-3-a-votes.csv"),
        ('../"evil"\r\nX: y', "evil-X-y-votes.csv"),
        ("研究", "study-1-votes.csv"),
    ],
)
def test_a_file_name_is_safe_everywhere(store, study, name, file):
    header = name_file(replace(study, name=name), "votes.csv")["Content-Disposition"]
    assert header == f'attachment; filename="{file}"'


def hold_talk(store, actor, blind):
    """A conversation of two models that both have answered once."""
    seats = [Seat(place, name, name, "no") for place, name in enumerate(("zebra", "okapi"))]
    talk = start_battle(store, actor, seats) if blind else start_talk(store, actor, seats)
    turn = add_turn(store, talk.conversation_id, actor, "Who are you?")
    for place in (0, 1):
        save_reply(store, turn.turn_id, place, Reply("A model.", "ok"), store.clock())
    return find_talk(store, talk.key, actor)


def ask_as(store, client, name):
    context = make_context(Settings(), store)
    token = open_session(store, Account(name, "researcher"), 1)
    client.cookies.set(STAFF_COOKIE, context.signer.sign_staff(token))
    return client


def test_a_conversation_comes_as_a_file_to_its_owner_only(store, client):
    talk = hold_talk(store, "kim", blind=False)
    address = f"/lab/export/talk?talk={talk.key}"
    answer = ask_as(store, client, "kim").get(address)
    assert answer.headers["content-disposition"] == 'attachment; filename="chat.jsonl"'
    assert json.loads(answer.text)["turns"][0]["prompt"] == "Who are you?"
    assert ask_as(store, client, "lee").get(address).status_code == 404
    client.cookies.clear()
    assert client.get(address).status_code == 409


def test_a_blind_conversation_stays_here_until_its_names_are_shown(store, client):
    talk = hold_talk(store, "kim", blind=True)
    ask_as(store, client, "kim")
    addresses = (f"/lab/export/talk?talk={talk.key}", "/lab/export/chats")
    for address in (*addresses, "/lab/export/chats?format=fastchat"):
        assert "zebra" not in client.get(address).text
    votes = dict.fromkeys(("helpful", "honest", "harmless"), "0")
    cast_ballot(store, talk.turns[0].turn_id, "kim", votes)
    assert "zebra" not in client.get(addresses[1]).text
    reveal(store, talk.conversation_id, "kim")
    for address in addresses:  # the control: now they are in the file
        assert "zebra" in client.get(address).text


def test_chats_come_as_json_lines_or_as_fastchat_has_them(store, client):
    talk = hold_talk(store, "kim", blind=False)
    choices = dict.fromkeys(("helpful", "honest", "harmless"), "bad")
    cast_ballot(store, talk.turns[0].turn_id, "kim", choices)
    line = client.get("/lab/export/chats").json()
    assert line["turns"][0]["ballots"][0]["winners"]["honest"] == "bad"
    answer = client.get("/lab/export/chats?format=fastchat")
    assert [json.loads(one)["type"] for one in answer.text.splitlines()][-1] == "bothbad_vote"
    assert 'filename="chats-fastchat.jsonl"' in answer.headers["content-disposition"]
    assert client.get("/lab/export/chats?format=x").status_code == 409


@pytest.mark.parametrize(("format", "n"), [("csv", 3), ("jsonl", 2)])
def test_judgments_come_as_files_as_the_list_finds_them(store, client, format, n):
    make_questions(store)
    for item in (1, 2, 3):
        add_judgment(store, item, ("alpaca", "vicuna"), (7, 8), text=f"7 8\nNumber {item}")
    answer = client.get(f"/lab/export/judgments?format={format}&category=math&against=vicuna")
    name = f"judgments.{format}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert len(answer.text.splitlines()) == n
    assert client.get("/lab/export/judgments?format=exe").status_code == 409
