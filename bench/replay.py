"""A server that speaks OpenAI's chat protocol and gives each request the same reply, after a while.

It costs little CPU, so that a bench measures whoever asks.

    python -m bench.replay [--delay 0.2] [--text "8 9"]
"""

import argparse
import asyncio
import json
import re

LENGTH = re.compile(rb"(?i)content-length: *(\d+)")


def build_answer(text: str) -> bytes:
    """Return the whole HTTP answer."""
    told = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "bench-0613",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 900, "completion_tokens": 200, "total_tokens": 1100},
    }
    body = json.dumps(told).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


class Replay:
    """Answers on every connection, one request after another."""

    def __init__(self, answer: bytes, delay_s: float) -> None:
        """Hold the answer ready."""
        self.answer, self.delay_s = answer, delay_s

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = LENGTH.search(head)
                await reader.readexactly(int(found[1]) if found else 0)
                await asyncio.sleep(self.delay_s)
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def serve(replay: Replay) -> None:
    """Serve until the process is ended; say where."""
    server = await asyncio.start_server(replay.greet, "127.0.0.1", 0, limit=2**22, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds before each answer")
    parser.add_argument("--text", default="8 9\nThe second says more.")
    asked = parser.parse_args()
    asyncio.run(serve(Replay(build_answer(asked.text), asked.delay)))


if __name__ == "__main__":
    main()
