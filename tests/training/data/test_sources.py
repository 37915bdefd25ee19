import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backend.benchmarks import Download
from backend.errors import InputError, MissingTool, NotFound
from training.data.library import locate_file
from training.data.sources import fetch_file, read_record

ROWS = [{"instruction": "Hi.", "input": "", "output": "Hello."}]


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


@pytest.fixture
def site(tmp_path):
    """A folder that is served, and what is known of it."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "tiny.json").write_text(json.dumps(ROWS))
    handler = partial(QuietHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/tiny.json"
        yield folder / "tiny.json", {"tiny": Download("tiny", url, "", "one row", "training")}
        server.shutdown()
        thread.join()


def test_first_fetch_records_what_it_brought(site, tmp_path):
    _, registry = site
    found = fetch_file(tmp_path, "tiny", registry)
    assert (found.name, found.n_rows) == ("tiny.json", 1)
    assert read_record(tmp_path) == {"tiny": found.sha256}
    assert fetch_file(tmp_path, "tiny", registry) == found


def test_later_fetch_has_to_bring_the_same_file(site, tmp_path):
    published, registry = site
    path = fetch_file(tmp_path, "tiny", registry).path
    path.unlink()
    published.write_text(json.dumps(ROWS * 2))
    with pytest.raises(InputError, match="is not the file that tiny stands for"):
        fetch_file(tmp_path, "tiny", registry)


def test_without_the_record_another_file_would_pass(site, tmp_path):
    published, registry = site
    path = fetch_file(tmp_path, "tiny", registry).path
    path.unlink()
    path.with_name(".fetched.json").unlink()
    published.write_text(json.dumps(ROWS * 2))
    assert fetch_file(tmp_path, "tiny", registry).n_rows == 2


def test_what_came_and_is_no_training_data_is_told(site, tmp_path):
    published, registry = site
    published.write_text("<html>")
    with pytest.raises(InputError, match="is no training data"):
        fetch_file(tmp_path, "tiny", registry)
    assert read_record(tmp_path) == {}


def test_a_file_put_there_by_hand_needs_no_network(tmp_path):
    path = locate_file(tmp_path, "tiny.json")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(ROWS))
    nowhere = {"tiny": Download("tiny", "http://127.0.0.1:9/tiny.json", "", "one row", "training")}
    assert fetch_file(tmp_path, "tiny", nowhere).n_rows == 1


def test_without_a_network_it_says_where_the_file_belongs(tmp_path):
    nowhere = {"tiny": Download("tiny", "http://127.0.0.1:9/tiny.json", "", "one row", "training")}
    with pytest.raises(MissingTool, match=r"Put it into .*training/files by hand"):
        fetch_file(tmp_path, "tiny", nowhere)


def test_an_unknown_name_is_told_those_there_are(tmp_path):
    with pytest.raises(NotFound, match="comparison_data_v2"):
        fetch_file(tmp_path, "alpaca")


def test_a_broken_record_is_no_permission(site, tmp_path):
    path = fetch_file(tmp_path, "tiny", site[1]).path
    path.with_name(".fetched.json").write_text("{")
    with pytest.raises(InputError, match="can't be read"):
        fetch_file(tmp_path, "tiny", site[1])
