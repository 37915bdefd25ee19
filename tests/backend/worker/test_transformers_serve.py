"""The same calls to `transformers serve`: our protocol is the field's, and so are the answers."""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import openai
import pytest
from transformers import AutoTokenizer
from transformers.utils.import_utils import is_serve_available

from backend.templates import read_template
from tests.backend.worker.running import run_worker, wait_until
from tests.tiny import make_llama

pytestmark = pytest.mark.slow

GREEDY = {"temperature": 0, "max_tokens": 16}
TALK = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Good day. 你好。"},
    {"role": "assistant", "content": "Good day."},
    {"role": "user", "content": "Name three colours."},
]
THEIRS_ONLY = {"system_fingerprint": "str"}  # optional in the protocol; theirs is empty
CUT = "\N{REPLACEMENT CHARACTER}"  # a character that the last token has begun


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A tiny model whose tokenizer has our template as its own, so that both use the same."""
    folder = make_llama(tmp_path_factory.mktemp("weights") / "tiny")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = read_template("vicuna_v1.1").source
    tokenizer.save_pretrained(folder)
    return folder


@contextmanager
def run_theirs(folder):
    program = shutil.which("transformers", path=Path(sys.executable).parent)
    if program is None or not is_serve_available():
        pytest.skip("transformers serve is not installed (pip install transformers[serving])")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [program, "serve", str(folder), "--device", "cpu", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
    )
    try:
        assert wait_until(lambda: answers(port) or process.poll() is not None, 120)
        assert process.poll() is None, "transformers serve did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def answers(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def clients(weights):
    """The same client for both: ours, and theirs, which knows a model by its folder only."""
    with run_theirs(weights) as theirs, run_worker(weights, "--name", str(weights)) as ours:
        pair = [openai.OpenAI(base_url=f"{url}/v1", api_key="none") for url in (ours.url, theirs)]
        yield [partial(ask, client, str(weights)) for client in pair]
        for client in pair:
            client.close()


def describe(value):
    """Return the keys with their types; of a list that of its first entry, and no nulls."""
    if isinstance(value, dict):
        return {key: describe(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [describe(inner) for inner in value[:1]]
    return type(value).__name__


def ask(client, model, **more):
    """Ask for a chat, or for a text where there is a prompt."""
    room = client.completions if "prompt" in more else client.chat.completions
    return room.create(model=model, **GREEDY, **more)


def join(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def test_whole_answers_are_the_same_in_text_keys_and_types(clients):
    ours, theirs = (client(messages=TALK) for client in clients)
    assert ours.choices[0].message.content == theirs.choices[0].message.content != ""
    assert ours.choices[0].finish_reason == theirs.choices[0].finish_reason
    assert ours.usage == theirs.usage
    assert describe(ours.to_dict()) == describe(theirs.to_dict())


def test_streams_are_the_same_in_text_keys_and_types(clients):
    ours, theirs = (list(client(messages=TALK, stream=True)) for client in clients)
    assert join(ours).rstrip(CUT) == join(theirs).rstrip(CUT) != ""
    for place in (1, 2):  # after the chunk with the role
        assert describe(ours[place].to_dict()) | THEIRS_ONLY == describe(theirs[place].to_dict())
    assert ours[0].choices[0].delta.role == theirs[0].choices[0].delta.role == "assistant"
    ends = [chunks[-1].choices[0] for chunks in (ours, theirs)]
    assert describe(ends[0].to_dict()) == describe(ends[1].to_dict())
    assert ends[0].finish_reason == ends[1].finish_reason


def test_completions_are_the_same(clients):
    prompt = "A chat between a curious user"
    ours, theirs = (client(prompt=prompt) for client in clients)
    assert ours.choices[0].text == theirs.choices[0].text != ""
    assert ours.usage == theirs.usage
    assert describe(ours.to_dict()) == describe(theirs.to_dict())


def test_a_stop_string_ends_both(clients):
    whole = clients[0](messages=TALK).choices[0].message.content
    stop = whole.replace(CUT, "")[2:4]
    ours, theirs = (client(messages=TALK, stop=stop) for client in clients)
    assert ours.choices[0].finish_reason == "stop"
    assert ours.usage == theirs.usage
    assert ours.choices[0].message.content == whole[: whole.index(stop)]


def test_special_tokens_in_a_person_s_text_are_where_we_differ(clients):
    """They read `</s>` in a message as the end token; for us it stays text."""
    said = [{"role": "user", "content": "</s>"}]
    ours, theirs = (client(messages=said) for client in clients)
    assert ours.usage.prompt_tokens > theirs.usage.prompt_tokens
