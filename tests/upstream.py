"""A real HTTP server on 127.0.0.1 that speaks OpenAI's chat protocol, well or badly, as told.

`serve(answer)` runs it in a thread. `answer` is a text, a Scene, a list of them (one a request,
the last for ever), or a function of the request's body that returns one. FAULTS has a Scene for
everything that is known to go wrong.
"""

import asyncio
import json
import math
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

HTML = "<!doctype html><html><title>Login</title><body>Please log in</body></html>"
LONG_S = 60.0  # longer than any test waits


@dataclass(frozen=True)
class Scene:
    """What the server does with one request.

    `cut` ends the connection: "before" any byte, in the middle of the "headers", "after" them, or
    in the "middle" of the answer. `hang` stops sending, for as long as the client stays, at the
    "start" or in the "middle". `delay_s` passes before the first byte, `pace_s` between pieces.
    """

    text: str = "Camels have humps."
    finish: str | None = "stop"
    refusal: str | None = None
    model: str = "upstream-0613"
    usage: tuple[int, int] | None = (11, 4)
    done: bool = True
    status: int = 200
    headers: dict = field(default_factory=dict)
    error: dict | None = None
    choices: object = "as usual"
    raw: bytes | None = None
    kind: str = "application/json"
    cut: str = ""
    hang: str = ""
    delay_s: float = 0.0
    pace_s: float = 0.0
    whole: bool = False  # does not know how to stream
    chunked: bool = True  # else nobody can see that a stream was cut


def fail(status, code, message="Something went wrong.", param=None, **headers):
    """An error as OpenAI's servers send it."""
    error = {"message": message, "type": code, "code": code, "param": param}
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Scene(status=status, error=error, headers=named)


BAD_KEY = "Incorrect API key provided: sk-CANAR*********************7890. You can find yours at …"
OVERFLOW = (
    "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (8000 "
    "in the messages, 1000 in the completion). Please reduce the length of the messages."
)
QUOTA = "You exceeded your current quota, please check your plan and billing details."
BUSY = "Rate limit reached for requests"

# Everything that is known to go wrong, each for ever.
FAULTS = {
    "429 retry-after 1": fail(429, "rate_limit_exceeded", BUSY, Retry_After=1),
    "429": fail(429, "rate_limit_exceeded", BUSY),
    "429 retry-after 200": fail(429, "rate_limit_exceeded", BUSY, Retry_After=200),
    "insufficient_quota": fail(429, "insufficient_quota", QUOTA),
    "401": fail(401, "invalid_api_key", BAD_KEY),
    "403": fail(403, "permission_denied", BAD_KEY),
    "404": fail(404, "model_not_found", "The model `gpt-5000` does not exist."),
    "context too long": fail(400, "context_length_exceeded", OVERFLOW, "messages"),
    "prompt filtered": fail(400, "content_filter", "The prompt was filtered."),
    "500": fail(500, "server_error"),
    "502": Scene(status=502, raw=b"<html>Bad Gateway</html>", kind="text/html"),
    "503": fail(503, "overloaded", "Overloaded."),
    "hang": Scene(hang="start"),
    "hang in the middle": Scene(hang="middle"),
    "drip": Scene(text="drip " * 1000, pace_s=0.05),
    "cut before headers": Scene(cut="before"),
    "cut in headers": Scene(cut="headers"),
    "cut after headers": Scene(cut="after"),
    "cut in the middle": Scene(cut="middle"),
    "cut in the middle, unseen": Scene(cut="middle", chunked=False),
    "cut after headers, unseen": Scene(cut="after", chunked=False),
    "no finish_reason": Scene(finish=None),
    "no finish_reason, no [DONE]": Scene(finish=None, done=False),
    "html with 200": Scene(raw=HTML.encode(), kind="text/html; charset=utf-8"),
    "redirect": Scene(status=302, raw=b"", headers={"Location": "/elsewhere"}),
    "choices null": Scene(choices=None),
    "choices empty": Scene(choices=[]),
    "choices missing": Scene(choices="missing"),
    "choices odd": Scene(choices=["what"]),
    "error with 200": Scene(error={"message": "Something went wrong.", "code": None}),
    "quota error with 200": Scene(error={"message": QUOTA, "code": "insufficient_quota"}),
    "broken json": Scene(raw=b'{"choices": [{"message": {"content": "Half'),
    "null": Scene(raw=b"null"),
    "empty": Scene(text=""),
    "white space": Scene(text=" \n "),
    "truncated": Scene(finish="length"),
    "truncated to nothing": Scene(text="", finish="length"),
    "filtered": Scene(finish="content_filter"),
    "refused": Scene(text="", refusal="I can't help with that."),
    "aborted": Scene(finish="abort"),
}


@dataclass(frozen=True)
class Asked:
    """A request as it came in, and when."""

    body: dict
    headers: dict
    at: float


class Upstream:
    """The running server: where it is, what it was asked, and who left before the end."""

    def __init__(self, answer):
        self.answer = answer
        self.asked: list[Asked] = []
        self.n_left = 0
        self.hold_after = math.inf  # requests beyond so many wait, so that a kill is never late
        self.n_greeted = 0
        self.n_open = 0
        self.most_open = 0
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()

    @property
    def bodies(self):
        """What was asked, in order."""
        return [asked.body for asked in self.asked]

    def run(self):
        """Serve until `stop`."""
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._greet, "127.0.0.1", 0, limit=2**22)
        )
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    def stop(self):
        """End the server."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _greet(self, reader, writer):
        self.n_greeted += 1
        self.n_open += 1
        self.most_open = max(self.most_open, self.n_open)
        try:
            while (asked := await read_request(reader)) is not None:
                self.asked.append(asked)
                if not await play(self._choose(asked.body), asked.body, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.n_left += 1
        except asyncio.CancelledError:  # the test is over
            pass
        finally:
            self.n_open -= 1
            writer.close()

    def _choose(self, body):
        if len(self.asked) > self.hold_after:
            return Scene(hang="start")
        chosen = self.answer(body) if isinstance(self.answer, Callable) else self.answer
        if isinstance(chosen, Sequence) and not isinstance(chosen, str):
            chosen = chosen[min(len(self.asked), len(chosen)) - 1]
        return Scene(chosen) if isinstance(chosen, str) else chosen


@contextmanager
def serve(answer="Camels have humps."):
    """Run a server until the block ends."""
    upstream = Upstream(answer)
    thread = threading.Thread(target=upstream.run, name="upstream", daemon=True)
    thread.start()
    assert upstream._ready.wait(10)
    try:
        yield upstream
    finally:
        upstream.stop()
        thread.join(10)


async def read_request(reader):
    """Read a request, or None where the client sends no further one."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    headers = dict(re.findall(r"(?m)^([\w-]+): *(.*?)\r?$", head.partition("\r\n")[2]))
    headers = {name.lower(): value for name, value in headers.items()}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(json.loads(body or b"{}"), headers, time.monotonic())


async def play(scene, body, reader, writer):
    """Answer a request as the scene says; True where the connection can take another one."""
    await stay(reader, LONG_S if scene.hang == "start" else scene.delay_s)
    if scene.cut == "before":
        return False
    if scene.cut == "headers":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/js")
        await writer.drain()
        return False
    if body.get("stream") and scene.error is None and scene.raw is None and not scene.whole:
        return await play_stream(scene, reader, writer)
    if body.get("stream") and scene.status == 200 and scene.error is not None:
        scene = replace(scene, raw=write_event({"error": scene.error}), kind="text/event-stream")
    return await play_whole(scene, reader, writer)


async def play_whole(scene, reader, writer):
    """Answer in one piece."""
    content = json.dumps(build_completion(scene)).encode() if scene.raw is None else scene.raw
    half = len(content) // 2
    await send_head(scene, scene.kind, writer, len(content))
    if scene.cut == "after":
        return False
    if scene.pace_s:
        for letter in content:
            writer.write(bytes([letter]))
            await writer.drain()
            await stay(reader, scene.pace_s)
        return True
    writer.write(content[:half] if scene.cut or scene.hang else content)
    await writer.drain()
    await stay(reader, LONG_S if scene.hang else 0)
    return not scene.cut


async def play_stream(scene, reader, writer):
    """Answer piece by piece; True where the connection can take another request."""
    await send_head(scene, "text/event-stream", writer, None)
    if scene.cut == "after":
        return False
    events = list(build_events(scene))
    for number, event in enumerate(events):
        if number == len(events) // 2 and (scene.cut or scene.hang):
            await stay(reader, LONG_S if scene.hang else 0)
            return False
        writer.write(b"%x\r\n%b\r\n" % (len(event), event) if scene.chunked else event)
        await writer.drain()
        await stay(reader, scene.pace_s)
    writer.write(b"0\r\n\r\n" if scene.chunked else b"")
    await writer.drain()
    return scene.chunked


async def stay(reader, seconds):
    """Wait; ends with ConnectionResetError as soon as the client has left."""
    if seconds:
        with suppress(TimeoutError):
            if not await asyncio.wait_for(reader.read(1), seconds):
                raise ConnectionResetError


async def send_head(scene, kind, writer, length):
    """Send status and headers."""
    headers = {"Content-Type": kind, **scene.headers}
    if length is not None:
        headers["Content-Length"] = length
    elif scene.chunked:
        headers["Transfer-Encoding"] = "chunked"
    lines = [f"HTTP/1.1 {scene.status} Told", *(f"{k}: {v}" for k, v in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()


def build_completion(scene):
    """The body of an answer in one piece."""
    if scene.error is not None:
        return {"error": scene.error}
    message = {"role": "assistant", "content": scene.text, "refusal": scene.refusal}
    choice = {"index": 0, "message": message, "finish_reason": scene.finish}
    told = build_frame(scene, "chat.completion", [choice])
    return told | ({"usage": build_usage(scene)} if scene.usage else {})


def build_events(scene):
    """The events of an answer that streams."""
    name = "chat.completion.chunk"
    if scene.choices != "as usual":
        yield write_event(build_frame(scene, name, []))
    else:
        deltas = [{"role": "assistant", "content": ""}]
        deltas += [{"content": piece} for piece in re.findall(r"\S+\s*|\s+", scene.text)]
        deltas += [{"refusal": scene.refusal}] if scene.refusal else []
        for delta in deltas:
            yield write_event(build_frame(scene, name, [build_choice(delta, None)]))
        if scene.finish:
            yield write_event(build_frame(scene, name, [build_choice({}, scene.finish)]))
        if scene.usage:
            yield write_event({"choices": [], "usage": build_usage(scene), "model": scene.model})
    if scene.done:
        yield b"data: [DONE]\n\n"


def build_choice(delta, finish):
    """One choice of an event."""
    return {"index": 0, "delta": delta, "finish_reason": finish}


def build_frame(scene, name, choices):
    """What is around the choices."""
    told = {"id": "chatcmpl-1", "object": name, "created": 1, "model": scene.model}
    if scene.choices == "missing":
        return told
    return told | {"choices": choices if scene.choices == "as usual" else scene.choices}


def build_usage(scene):
    """The token counts."""
    n_prompt, n_tokens = scene.usage
    return {
        "prompt_tokens": n_prompt,
        "completion_tokens": n_tokens,
        "total_tokens": sum(scene.usage),
    }


def write_event(told):
    """An event as it goes over the wire."""
    return f"data: {json.dumps(told)}\n\n".encode()
