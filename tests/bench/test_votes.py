"""The bench of many annotators, with three of them for a second; the peer is no straw man."""

import json

import gradio as gr
import pytest

from annotations.store import Store
from bench import votes
from bench.ground import make_study
from bench.peer import build
from ui.crowd.page import lay_out

pytestmark = pytest.mark.slow

PROMISED = {
    "server", "errors", "votes", "votes_per_s", "p50_ms", "p95_ms", "p99_ms",
    "server_cpu_percent", "cpu_per_vote_ms", "rss_mb", "load_cpu_percent",
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "votes.json"
    words = ["--people", "3", "--think", "0.2", "--seconds", "1", "--warm-up", "0.5"]
    votes.main([*words, "--out", str(path)])
    return json.loads(path.read_text("utf-8"))


def test_both_servers_and_their_ratio_are_measured(found):
    ours, theirs, ratio = found["rows"]
    assert set(ours) == set(theirs) == PROMISED
    assert (ours["server"], theirs["server"]) == ("Camelid", "default Gradio")
    assert {"p95_ms", "cpu_per_vote_ms"} <= set(ratio)


def test_both_servers_take_votes_without_an_error(found):
    assert [row["errors"] for row in found["rows"][:2]] == [0, 0]
    assert all(row["votes"] > 0 for row in found["rows"][:2])


@pytest.fixture
def peer(tmp_path):
    with Store(tmp_path / "data", purpose="test") as store:
        make_study(store, tmp_path, 3)
        yield build(store)


def test_the_peer_sends_the_same_page(peer):
    save = next(event for event in peer.fns.values() if event.targets[0][1] == "click")
    with gr.Blocks():
        page = lay_out()
    assert [part.elem_id for part in save.outputs] == [part.elem_id for part in page.outputs()]


def test_the_peer_waits_in_gradios_default_queue(peer):
    assert all(event.queue for event in peer.fns.values())
    assert all(event.concurrency_limit in (1, "default") for event in peer.fns.values())
