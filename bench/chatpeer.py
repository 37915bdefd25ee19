"""The peer of bench/chat.py: a thread for each request, with `generate` and a streamer.

This is how most chat demos of the field serve a model. It runs on the same Starlette and uvicorn as
the worker, loads the same weights in the same way, and samples with the same parameters.

    python -m bench.chatpeer --model FOLDER --template NAME
"""

import argparse
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TextIteratorStreamer

from backend.dialogue import Message
from backend.templates import read_template
from backend.templates.tokens import Encoder
from backend.worker.weights import Weights, load_weights


class Reply:
    """One answer, made in a thread of its own."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, ids: list[int], n: int
    ) -> None:
        """Start to answer with n tokens."""
        self.streamer = TextIteratorStreamer(tokenizer, skip_prompt=True)
        self.n_made = 0
        fed = torch.tensor([ids], device=model.device)
        self.thread = threading.Thread(target=self.answer, args=(model, fed, n))
        self.thread.start()

    def answer(self, model: PreTrainedModel, ids: torch.Tensor, n_tokens: int) -> None:
        """Generate, as a chat does."""
        made = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=0.7,
            top_k=0,
            top_p=1.0,
            max_new_tokens=n_tokens,
            pad_token_id=0,
            streamer=self.streamer,
        )
        self.n_made = made.shape[1] - ids.shape[1]

    def read(self) -> Iterator[str]:
        """Yield the text as it comes."""
        yield from self.streamer
        self.thread.join()


def build(weights: Weights, template: str) -> Starlette:
    """Return the server."""
    encoder = Encoder(weights.tokenizer, read_template(template))

    def stream(asked: dict[str, Any]) -> Iterator[str]:
        messages = [Message(turn["role"], turn["content"]) for turn in asked["messages"]]
        ids = encoder.encode_chat(messages).ids
        reply = Reply(weights.model, weights.tokenizer, ids, asked["max_tokens"])
        for text in reply.read():
            yield pack({"choices": [{"index": 0, "delta": {"content": text}}]})
        yield pack({"choices": [], "usage": {"completion_tokens": reply.n_made}})
        yield "data: [DONE]\n\n"

    async def chat(request: Request) -> StreamingResponse:
        return StreamingResponse(stream(await request.json()), media_type="text/event-stream")

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


def pack(payload: object) -> str:
    """Return a server-sent event."""
    return f"data: {json.dumps(payload)}\n\n"


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--template", required=True)
    asked = parser.parse_args()
    app = build(load_weights(asked.model), asked.template)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(f"Serving on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
