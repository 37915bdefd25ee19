import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backend.benchmarks import DOWNLOADS, SIZES, Download, fetch_download, find_download
from backend.errors import InputError, MissingTool, NotFound

BODY = b'{"id": "t1", "instruction": "Say hello.", "instances": [{"input": "", "output": ""}]}\n'
SHA256 = hashlib.sha256(BODY).hexdigest()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "tiny.jsonl").write_bytes(BODY)
    handler = partial(QuietHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def make_registry(url, sha256=SHA256):
    return {"tiny": Download("tiny", url, sha256, "one instruction")}


def test_a_download_is_fetched_and_kept(site, tmp_path):
    path = fetch_download("tiny", tmp_path / "data", make_registry(f"{site}/tiny.jsonl"))
    assert path == tmp_path / "data" / "downloads" / "tiny.jsonl"
    assert path.read_bytes() == BODY


def test_a_file_put_there_by_hand_needs_no_network(tmp_path):
    path = tmp_path / "downloads" / "tiny.jsonl"
    path.parent.mkdir()
    path.write_bytes(BODY)
    assert fetch_download("tiny", tmp_path, make_registry("http://127.0.0.1:9/tiny.jsonl")) == path


def test_a_wrong_file_put_there_by_hand_is_refused_and_left(site, tmp_path):
    path = tmp_path / "downloads" / "tiny.jsonl"
    path.parent.mkdir()
    path.write_bytes(b"mine")
    with pytest.raises(InputError, match="is not the file that tiny stands for"):
        fetch_download("tiny", tmp_path, make_registry(f"{site}/tiny.jsonl"))
    assert path.read_bytes() == b"mine"


def test_a_download_with_another_hash_is_not_kept(site, tmp_path):
    registry = make_registry(f"{site}/tiny.jsonl", "0" * 64)
    with pytest.raises(MissingTool, match="its sha256 differs"):
        fetch_download("tiny", tmp_path, registry)
    assert list((tmp_path / "downloads").iterdir()) == []


def test_what_the_server_answers_is_told(site, tmp_path):
    with pytest.raises(MissingTool, match="the server answered 404"):
        fetch_download("tiny", tmp_path, make_registry(f"{site}/gone/tiny.jsonl"))


def test_offline_the_error_says_which_file_goes_where(tmp_path):
    url = "http://127.0.0.1:9/tiny.jsonl"
    with pytest.raises(MissingTool) as caught:
        fetch_download("tiny", tmp_path, make_registry(url))
    message = str(caught.value)
    assert url in message and "no connection" in message
    assert f"Put it into {tmp_path / 'downloads'} by hand" in message


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(NotFound, match=r"user_oriented_252, .*vicuna_80"):
        find_download("vicuna")


def test_every_published_file_is_pinned_and_has_a_name_of_its_own():
    assert all("/main/" not in one.url and len(one.sha256) == 64 for one in DOWNLOADS.values())
    assert len({one.file for one in DOWNLOADS.values()}) == len(DOWNLOADS) == 21


def test_answers_are_named_after_their_model_and_benchmark():
    bard = find_download("bard:20230327@vicuna_80")
    assert (bard.model, bard.benchmark) == ("bard:20230327", "vicuna_80")
    assert find_download("vicuna_80").model is None
    assert find_download("prompt@vicuna_80").model is None
    assert {one.benchmark for one in DOWNLOADS.values()} == set(SIZES)


def test_the_hashes_are_those_of_the_published_files(data_sources):
    local = {path.name: path for path in data_sources.rglob("*.jsonl")}
    for entry in DOWNLOADS.values():
        assert hashlib.sha256(local[entry.file].read_bytes()).hexdigest() == entry.sha256
