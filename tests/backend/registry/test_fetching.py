import hashlib
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backend.errors import CamelidError, Conflict, InputError, MissingTool, NotFound
from backend.registry.cards import LocalCard, RecordedCard
from backend.registry.fetching import HubFile, HuggingFace, Snapshot, fetch_weights
from backend.registry.shelf import add_card, find_card, list_cards

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PLENTY = 10**12
FILES = {
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "tokenizer.model": b"pieces",
    "model-00001-of-00002.safetensors": b"one",
    "model-00002-of-00002.safetensors": b"two",
    "model.safetensors.index.json": b'{"weight_map": {}}',
}
PROGRAMS = {
    "modeling_llama.py": b"import os",
    "training_args.bin": b"pickle",
    "optimizer.pt": b"pickle",
    "scheduler.pkl": b"pickle",
    "tf_model.h5": b"h5",
    "run.sh": b"#!",
    ".env": b"x",
    "../escape.json": b"{}",
    "original/params.json": b"{}",
    "adapter_model.safetensors": b"x",
}


class Hub:
    """A hub of one repository: what it holds, what it sends instead, and what it was asked for."""

    def __init__(self, files, commit=COMMIT):
        self.files, self.commit = files, commit
        self.sent, self.links, self.hashes, self.broken = {}, (), True, None
        self.asked, self.fetched, self.folder = [], [], None

    def look(self, repo, revision):
        self.asked.append((repo, revision))
        files = {name: HubFile(len(body), self.hash(name)) for name, body in self.files.items()}
        return Snapshot(self.commit, files)

    def hash(self, name):
        is_hashed = self.hashes and "safetensors" in name
        return hashlib.sha256(self.files[name]).hexdigest() if is_hashed else ""

    def download(self, repo, commit, names, folder):
        self.fetched.append((repo, commit, names))
        self.folder = folder
        for name in names:
            if name == self.broken:
                raise MissingTool("the hub can't be reached")
            if name in self.links:
                (folder / name).symlink_to("/etc/hostname")
            else:
                (folder / name).write_bytes(self.sent.get(name, self.files[name]))
        (folder / ".cache" / "huggingface").mkdir(parents=True)


def fetch(data, hub, wanted="a/tiny", free=PLENTY, **more):
    return fetch_weights(data, wanted, hub, free=lambda _: free, **more)


@pytest.fixture
def hub():
    """A hub with safetensors, and with programs beside them."""
    return Hub({**FILES, **PROGRAMS, "pytorch_model.bin": b"pickle"})


def test_a_repository_gets_a_card_with_its_commit(tmp_path, hub):
    got = fetch(tmp_path, hub, revision="main")
    assert hub.asked == [("a/tiny", "main")]
    assert got.card == find_card(tmp_path, "tiny")
    assert (got.card.repo, got.card.revision, got.card.path) == ("a/tiny", COMMIT, "weights/tiny")
    assert not got.needs_converting


def test_weights_and_words_come_and_no_program(tmp_path, hub):
    got = fetch(tmp_path, hub)
    assert sorted(path.name for path in got.folder.iterdir()) == sorted(FILES)
    assert sorted(hub.fetched[0][2]) == sorted(FILES)
    assert got.n_bytes == sum(map(len, FILES.values()))


def test_a_commit_is_asked_for_by_its_hash(tmp_path, hub):
    fetch(tmp_path, hub, revision="v1")
    assert hub.fetched[0][:2] == ("a/tiny", COMMIT)


def test_pickles_come_only_where_there_is_nothing_else(tmp_path):
    files = {"config.json": b"{}", "pytorch_model.bin": b"x", "training_args.bin": b"x"}
    got = fetch(tmp_path, Hub(files))
    assert got.needs_converting
    assert {path.name for path in got.folder.iterdir()} == {"config.json", "pytorch_model.bin"}


def test_a_built_in_card_is_pinned_in_the_data_folder(tmp_path, hub):
    got = fetch(tmp_path, hub, "vicuna-7b-v1.3")
    assert hub.asked == [("lmsys/vicuna-7b-v1.3", "")]
    assert got.card.template == "vicuna_v1.1"
    assert find_card(tmp_path, "vicuna-7b-v1.3").revision == COMMIT


def test_a_pinned_card_is_fetched_at_its_commit(tmp_path, hub):
    add_card(tmp_path, LocalCard(name="pinned", repo="b/pinned", revision="f" * 40))
    fetch(tmp_path, hub, "b/pinned")
    assert hub.asked == [("b/pinned", "f" * 40)]


def test_a_fetch_that_was_cut_off_goes_on_in_the_same_folder(tmp_path, hub):
    hub.broken = "tokenizer.json"
    with pytest.raises(MissingTool, match=r"can't be reached.*what came is kept"):
        fetch(tmp_path, hub)
    partial, hub.broken = hub.folder, None
    assert (partial / "model-00001-of-00002.safetensors").is_file()
    assert {known.origin for known in list_cards(tmp_path)} == {"built-in"}
    fetch(tmp_path, hub)
    assert hub.folder == partial
    assert not partial.exists()


def test_without_a_network_the_folder_is_named(tmp_path, hub):
    def look(repo, revision):
        raise MissingTool("the hub can't be reached")

    hub.look = look
    with pytest.raises(MissingTool) as caught:
        fetch(tmp_path, hub, "vicuna-7b-v1.3")
    assert f"into {tmp_path}/weights/vicuna-7b-v1.3 by hand" in str(caught.value)
    assert "the hub can't be reached" in str(caught.value)


@pytest.mark.parametrize("body", [b"eno", b"longer", b""])
def test_a_file_that_is_not_what_was_published_is_thrown_away(tmp_path, hub, body):
    hub.sent = {"model-00001-of-00002.safetensors": body}
    with pytest.raises(InputError, match=r"model-00001-of-00002\.safetensors is not what was"):
        fetch(tmp_path, hub)
    assert not (hub.folder / "model-00001-of-00002.safetensors").exists()
    assert not (tmp_path / "weights" / "tiny").exists()


def test_it_is_the_hash_that_finds_it(tmp_path, hub):
    hub.sent, hub.hashes = {"model-00001-of-00002.safetensors": b"eno"}, False
    assert fetch(tmp_path, hub).folder.is_dir()


def test_a_link_is_no_file(tmp_path, hub):
    hub.links = {"config.json"}
    with pytest.raises(InputError, match=r"config\.json did not come"):
        fetch(tmp_path, hub)


def test_a_full_disk_is_seen_before_anything_is_fetched(tmp_path, hub):
    with pytest.raises(MissingTool, match="Make room"):
        fetch(tmp_path, hub, free=1_000_000_000)
    assert hub.fetched == []


def test_weights_that_are_there_are_not_fetched_over(tmp_path, hub):
    (tmp_path / "weights" / "tiny").mkdir(parents=True)
    with pytest.raises(Conflict, match="there already"):
        fetch(tmp_path, hub)
    assert hub.asked == []


@pytest.mark.parametrize(
    ("files", "commit"), [(FILES, "main"), (FILES, ""), (PROGRAMS, COMMIT), ({}, COMMIT)]
)
def test_without_a_commit_or_weights_there_is_nothing_to_pin(tmp_path, files, commit):
    with pytest.raises(NotFound):
        fetch(tmp_path, Hub(files, commit))
    assert not (tmp_path / "weights").exists()


@pytest.mark.parametrize(
    "wanted", ["../x", "x/..", "a/b/c", "a/b\n", "/etc", "a/", "-x/y", "a/.b", "a/" + "b" * 65]
)
def test_what_is_no_repository_is_not_asked_for(tmp_path, hub, wanted):
    with pytest.raises(InputError, match="not a repository"):
        fetch(tmp_path, hub, wanted)
    assert hub.asked == []


@pytest.mark.parametrize("wanted", ["gpt-4", "alpaca-7b", "bard", "nobody"])
def test_a_card_without_a_repository_has_nothing_to_fetch(tmp_path, hub, wanted):
    with pytest.raises(CamelidError, match=r"nothing to fetch|no model"):
        fetch(tmp_path, hub, wanted)
    assert hub.asked == []


def test_a_repository_does_not_take_another_models_name(tmp_path, hub):
    add_card(tmp_path, RecordedCard(name="tiny", system="tiny"))
    with pytest.raises(Conflict, match="another model called tiny"):
        fetch(tmp_path, hub)


class Site(BaseHTTPRequestHandler):
    """What the hub's own client asks of the hub, for one repository."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        pass

    def do_GET(self):
        path, name = self.path.partition("?")[0], self.path.rsplit("/", 1)[-1]
        files = [tell_file(name, body) for name, body in FILES.items()]
        if path == "/api/models/a/tiny":
            self.answer(json.dumps({"id": "a/tiny", "sha": COMMIT, "siblings": files}).encode())
        elif path == f"/api/models/a/tiny/tree/{COMMIT}":
            self.answer(json.dumps(files).encode())
        elif path.startswith(f"/a/tiny/resolve/{COMMIT}/") and name in FILES:
            self.answer(FILES[name])
        else:
            self.answer(b"", 404)

    do_HEAD = do_GET

    def answer(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", hashlib.sha1(body).hexdigest())
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def tell_file(name, body):
    told = {"type": "file", "path": name, "rfilename": name, "size": len(body)}
    sha256 = hashlib.sha256(body).hexdigest()
    lfs = {"sha256": sha256, "oid": sha256, "size": len(body), "pointerSize": 1}
    return told | {"oid": hashlib.sha1(body).hexdigest()} | ({"lfs": lfs} if "-of-" in name else {})


@pytest.fixture
def site():
    """The address of a hub that the real client talks to."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_the_hubs_own_client_fetches_them(tmp_path, site):
    hub = HuggingFace({**os.environ, "HF_ENDPOINT": site, "HF_HUB_OFFLINE": "1"})
    got = fetch_weights(tmp_path, "a/tiny", hub)
    assert {path.name: path.read_bytes() for path in got.folder.iterdir()} == FILES
    assert got.card.revision == COMMIT
    with pytest.raises(MissingTool, match="a/none could not be fetched: there is no such"):
        fetch_weights(tmp_path, "a/none", hub)


@pytest.mark.slow
def test_the_hubs_own_client_says_when_the_hub_is_out_of_reach():
    with pytest.raises(MissingTool, match="can't be reached"):
        HuggingFace({"HF_ENDPOINT": "http://127.0.0.1:9"}).look("a/tiny", "")


def test_a_client_that_dies_is_no_answer():
    with pytest.raises(MissingTool, match="ended with code 1"):
        HuggingFace({"LC_ALL": "C"}).ask({"do": "dance"})
