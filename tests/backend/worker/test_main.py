"""A worker from its start to its end: what it says, what it leaves behind, and how it goes."""

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.backend.worker.running import read_state, run_worker, spawn_worker, wait_until
from tests.talkers import make_talker
from tests.tiny import make_reward

pytestmark = pytest.mark.slow

CHAT = "/v1/chat/completions"
LONG = {
    "messages": [{"role": "user", "content": "Tell me more."}],
    "max_tokens": 800,
    "temperature": 1.9,
    "stream": True,
}
SHORT = {**LONG, "max_tokens": 4, "stream": False}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A model whose long answers take seconds and never end by themselves."""
    return make_talker(tmp_path_factory.mktemp("weights") / "tiny", context=1024)


@pytest.fixture(scope="module")
def worker(weights):
    with run_worker(weights, "--template", "vicuna_v1.1") as worker:
        yield worker


def leave_after(worker, n_events):
    """Read some events of a long answer, then hang up."""
    with httpx.stream("POST", f"{worker.url}{CHAT}", json=LONG, timeout=60) as answer:
        assert answer.status_code == 200
        for n, _line in enumerate(answer.iter_lines()):
            if n >= n_events:
                return


def abort_many(worker, n):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda place: leave_after(worker, place % 12), range(n)))


def is_idle(worker):
    metrics = worker.metrics()
    return not metrics["camelid_requests_running"] and not metrics["camelid_requests_waiting"]


def test_a_hundred_chats_that_are_left_leave_nothing_behind(worker):
    abort_many(worker, 16)  # pools and caches fill once
    assert wait_until(lambda: is_idle(worker))
    before = worker.metrics()
    abort_many(worker, 100)
    assert wait_until(lambda: is_idle(worker), 5)
    aborted = 'camelid_requests_total{outcome="aborted"}'
    assert wait_until(lambda: worker.metrics()[aborted] - before[aborted] >= 100, 5)
    after = worker.metrics()
    assert after["process_threads"] <= before["process_threads"]
    grown = after["process_resident_memory_bytes"] - before["process_resident_memory_bytes"]
    assert grown < 20e6
    assert worker.post(CHAT, SHORT).status_code == 200


def test_who_waits_for_a_whole_answer_can_leave_too(worker):
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{worker.url}{CHAT}", json={**LONG, "stream": False, "n": 16}, timeout=0.2)
    assert wait_until(lambda: is_idle(worker), 5)


def test_long_answers_of_other_clients_go_on(worker):
    body = {**LONG, "stream": False, "max_tokens": 60}
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(worker.post, CHAT, body)
        leave_after(worker, 2)
        assert asking.result().json()["choices"][0]["finish_reason"] == "length"


def test_a_signal_ends_it_with_open_answers_told_so(weights, tmp_path):
    state = tmp_path / "state.json"
    with run_worker(weights, "--template", "alpaca", "--state", str(state)) as worker:
        assert read_state(state)["state"] == "ready"
        assert worker.url.endswith(f":{read_state(state)['port']}")
        with httpx.stream("POST", f"{worker.url}{CHAT}", json=LONG, timeout=60) as answer:
            lines = answer.iter_lines()
            next(lines)
            begun = time.monotonic()
            worker.process.send_signal(signal.SIGTERM)
            rest = "\n".join(lines)
        assert worker.process.wait(60) == 0
    assert time.monotonic() - begun < 5  # under two seconds where nothing else runs
    assert "shutting_down" in rest and "[DONE]" not in rest


@pytest.mark.parametrize("loading", [True, False])
def test_it_ends_when_its_input_ends(weights, tmp_path, loading):
    state = tmp_path / "state.json"
    with spawn_worker(weights, "--follow-stdin", "--state", str(state)) as worker:
        if loading:
            assert wait_until(state.exists)
            time.sleep(0.5)  # in the middle of the imports
        else:
            worker.wait_ready()
        worker.process.stdin.close()
        worker.process.wait(60)
        assert read_state(state)["state"] == ("loading" if loading else "ready")


def test_it_stays_when_nobody_asked_it_to_follow(worker):
    """The other side of the test above: without --follow-stdin the end of input means nothing."""
    worker.process.stdin.close()
    time.sleep(0.3)
    assert worker.process.poll() is None


def test_a_signal_ends_it_while_it_loads(weights, tmp_path):
    state = tmp_path / "state.json"
    with spawn_worker(weights, "--state", str(state)) as worker:
        assert wait_until(state.exists)
        assert read_state(state)["state"] == "loading"
        worker.process.send_signal(signal.SIGINT)
        assert worker.process.wait(60) == 0


def test_a_folder_without_a_model_is_told_in_one_sentence(tmp_path):
    state = tmp_path / "state.json"
    with spawn_worker(tmp_path / "nothing", "--state", str(state)) as worker:
        said = worker.process.stdout.read()
        assert worker.process.wait(60) == 1
    assert read_state(state)["state"] == "failed"
    assert said.strip() == read_state(state)["message"]
    assert str(tmp_path / "nothing") in said and "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "CAMELID_WORKER_KEY"),
        (["--template", "nonsense"], "alpaca"),
        (["--max-seconds", "0"], "--max-seconds"),
    ],
)
def test_what_can_not_be_served_is_refused(weights, tmp_path, words, said):
    state = tmp_path / "state.json"
    with spawn_worker(weights, *words, "--state", str(state)) as worker:
        assert said in worker.process.stdout.read()
        assert worker.process.wait(60) == 1
    assert read_state(state)["state"] == "failed"


def test_a_port_that_is_taken_is_told(weights):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with spawn_worker(weights, "--port", port) as worker:
            assert port in worker.process.stdout.read()
            assert worker.process.wait(60) == 1


def test_nothing_that_people_write_is_printed(weights):
    secret, key = "xyzzy-canary", "k-canary"
    environ = {"CAMELID_WORKER_KEY": key}
    words = ("--template", "alpaca", "--max-seconds", "60")
    with run_worker(weights, *words, environ=environ) as worker:
        headers = {"authorization": f"Bearer {key}"}
        assert worker.post(CHAT, SHORT).status_code == 401
        bodies = (
            {**SHORT, "messages": [{"role": "user", "content": secret}]},
            {**SHORT, "messages": [{"role": secret, "content": secret}]},
            {"prompt": secret, "messages": secret},
        )
        for body in bodies:
            for path in (CHAT, "/v1/completions", "/tokenize", "/score"):
                answered = worker.post(path, body, headers=headers)
                assert answered.status_code < 500 and key not in answered.text
        worker.process.send_signal(signal.SIGTERM)
        printed = worker.said + worker.process.stdout.read()
    assert secret not in printed and key not in printed


def test_a_reward_model_is_known_by_its_config(tmp_path):
    folder = make_reward(tmp_path / "judge")
    with run_worker(folder, "--template", "alpaca", "--name", "marks") as worker:
        asked = {"model": "marks", "prompt": "Which?", "answers": ["This.", "That.", "This."]}
        scores = [row["score"] for row in worker.post("/score", asked).json()["data"]]
        assert scores[0] == pytest.approx(scores[2], abs=1e-5) != pytest.approx(scores[1])
        assert worker.post(CHAT, SHORT).status_code == 404
        assert httpx.get(f"{worker.url}/health", timeout=60).status_code == 200
