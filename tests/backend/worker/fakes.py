"""A model worker without a model: the real routes in front of an engine that says what it is told.

`call` speaks ASGI by hand, so that a test sees every event and can leave whenever it wants.
"""

import asyncio
import json
from dataclasses import dataclass
from functools import cache

from backend.errors import InputError
from backend.worker.attend import Patience
from backend.worker.desk import Desk
from backend.worker.prompts import Prompter
from backend.worker.routes import build_app
from tests.tiny import make_tokenizer

JSON = (b"content-type", b"application/json")
HERE = (b"host", b"127.0.0.1:8000")


@dataclass
class Piece:
    text: str
    n_tokens: int
    finish: str = ""
    detail: str = ""


@dataclass
class Counts:
    n_running: int = 0
    n_waiting: int = 0


class FakeEngine:
    """Says its words one by one; `ask` keeps what it was asked, `n_open` who still listens."""

    def __init__(
        self, words=("Hello", " there"), *, limit=512, finish="stop", wait_s=0.0, fail_at=-1
    ):
        self.words, self.limit, self.finish = words, limit, finish
        self.wait_s, self.fail_at = wait_s, fail_at
        self.alive, self.cause = True, ""
        self.n_open = self.n_left = 0
        self.asked = []

    def check_fit(self, n_prompt, max_tokens):
        if n_prompt + max_tokens > self.limit:
            raise InputError(f"{n_prompt} and {max_tokens} tokens don't fit {self.limit}.")

    async def generate(self, ids, sampling, stop_ids=()):
        self.asked.append((ids, sampling))
        self.n_open += 1
        try:
            for n, word in enumerate(self.words):
                await asyncio.sleep(self.wait_s)
                if n == self.fail_at:
                    yield Piece("", n, "failed", "out of memory")
                    return
                yield Piece(word, n + 1, self.finish if n + 1 == len(self.words) else "")
        except (asyncio.CancelledError, GeneratorExit):
            self.n_left += 1
            raise
        finally:
            self.n_open -= 1

    def count(self):
        return Counts(self.n_open)


@cache
def find_tokenizer():
    """Return the tiny tokenizer, trained once."""
    return make_tokenizer()


def make_app(engine=None, *, score=None, template="alpaca", patience=None, max_s=60.0, **door):
    """Return the worker's app; call it inside a running loop."""
    desk = Desk(
        name="tiny",
        prompter=Prompter(find_tokenizer(), template, 384),
        context=engine.limit if engine else 256,
        patience=patience or Patience(max_s, asyncio.get_running_loop().create_future()),
        engine=engine,
        score=score,
    )
    return build_app(desk, **door)


class Answered:
    """What came back."""

    def __init__(self):
        self.messages = []

    @property
    def status(self):
        return self.messages[0]["status"]

    @property
    def headers(self):
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]

    @property
    def events(self):
        """The payloads of a stream; its [DONE] as that text."""
        lines = [line for line in self.body.decode().split("\n\n") if line]
        data = [line.removeprefix("data: ") for line in lines]
        return [text if text == "[DONE]" else json.loads(text) for text in data]


async def call(app, path, body=None, *, headers=(HERE, JSON), method=None, leave=None):
    """Ask once; `leave` is an event at which the client goes away."""
    method = method or ("GET" if body is None else "POST")
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = [{"type": "http.request", "body": data if method == "POST" else b"", "more_body": False}]
    answered = Answered()

    async def receive():
        if told:
            return told.pop(0)
        await (leave or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message):
        answered.messages.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": list(headers),
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8000),
    }
    await app(scope, receive, send)
    return answered


def ask(path, body=None, engine=None, **words):
    """Ask a worker of its own once, from a test that isn't asynchronous."""
    door = {key: words.pop(key) for key in list(words) if key in DOOR}

    async def go():
        return await call(make_app(engine, **door), path, body, **words)

    return asyncio.run(go())


DOOR = frozenset({"score", "template", "max_s", "host", "key"})


def chat(text="Hello", **more):
    """Return the body of a chat."""
    return {"model": "tiny", "messages": [{"role": "user", "content": text}], **more}
