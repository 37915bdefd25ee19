"""Answers that are made while the client waits for them: whole, or sent while they are made."""

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.worker.attend import Gone, Patience, Run
from backend.worker.faults import Fault, answer_json
from backend.worker.shapes import Shape, pack_event

if TYPE_CHECKING:
    from backend.worker.feeds import Piece

EVENT_STREAM = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


class Answer(Response):
    """An answer that is made while it is waited for, and sent whole."""

    def __init__(self, run: Run, shape: Shape, patience: Patience) -> None:
        """Take what is to be made, and its form."""
        super().__init__()
        self.run = run
        self.shape = shape
        self.patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the answer and send it; a client that has gone gets nothing."""
        try:
            choices = await self.patience.attend(self.run.gather(), receive)
        except Gone:
            return
        payload = self.shape.answer(self.run.n_prompt, choices)
        await answer_json(payload)(scope, receive, send)


class Streamed(Answer):
    """An answer that is sent while it is made.

    It begins with the first token: what fails before has a status of its own. What fails later is
    an event with the error, and no [DONE], so that no client takes it for a whole answer.
    """

    started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the answer and send it bit by bit."""
        try:
            await self.patience.attend(self.stream(send), receive)
            last = self.shape.close_events(self.run.n_prompt, self.run.choices)
        except Gone:
            return
        except Fault as fault:
            if not self.started:
                raise
            self.run.meters.faults[fault.status] += 1
            last = pack_event(fault.payload)
        await send({"type": "http.response.body", "body": last})

    async def stream(self, send: Send) -> None:
        """Send every piece as it comes."""

        async def pass_on(place: int, piece: "Piece") -> None:
            events = b"" if self.started else self.shape.open_events()
            if not self.started:
                self.started = True
                start = {"type": "http.response.start", "status": 200, "headers": EVENT_STREAM}
                await send(start)
            if piece.text:
                events += self.shape.text_event(place, piece.text)
            if piece.finish:
                events += self.shape.end_event(place, piece.finish)
            if events:
                await send({"type": "http.response.body", "body": events, "more_body": True})

        await self.run.generate(pass_on)
