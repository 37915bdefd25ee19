"""The worker's routes: OpenAI's protocol for chat models, /score for reward models."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from backend.dialogue import Message
from backend.worker.answers import Answer, Streamed
from backend.worker.attend import Gone, Run
from backend.worker.desk import Desk
from backend.worker.faults import Fault, answer_fault, answer_json, unknown_model
from backend.worker.gate import Gate
from backend.worker.meters import measure_process
from backend.worker.protocol import ChatBody, Generation, ScoreBody, TextBody, TokenBody
from backend.worker.shapes import ChatShape, Shape, TextShape


class Api:
    """The routes, one method each."""

    def __init__(self, desk: Desk) -> None:
        """Serve one model."""
        self.desk = desk

    async def chat(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        engine = self.desk.find_engine()
        asked = await self.desk.read(request, ChatBody)
        messages = [turn.message for turn in asked.messages]
        feed = await self.desk.prompter.encode_chat(messages, asked.template)
        run = self.desk.plan(engine, asked, [feed], "messages")
        return self.answer(asked, run, ChatShape)

    async def complete(self, request: Request) -> Response:
        """POST /v1/completions."""
        engine = self.desk.find_engine()
        asked = await self.desk.read(request, TextBody)
        feeds = [await self.desk.prompter.encode_text(prompt) for prompt in asked.prompt]
        run = self.desk.plan(engine, asked, feeds, "prompt")
        return self.answer(asked, run, TextShape)

    def answer(self, asked: Generation, run: Run, shape: type[Shape]) -> Answer:
        """Return the answer to be made, as a stream or whole."""
        form = shape(self.desk.name, len(run.jobs), usage=asked.wants_usage)
        return (Streamed if asked.stream else Answer)(run, form, self.desk.patience)

    async def tokenize(self, request: Request) -> Response:
        """POST /tokenize: the ids that the model would be fed."""
        asked = await self.desk.read(request, TokenBody)
        prompter = self.desk.prompter
        if asked.messages is not None:
            messages = [turn.message for turn in asked.messages]
            feed = await prompter.encode_chat(
                messages, asked.template, answer=asked.add_generation_prompt
            )
        else:
            bos = asked.add_special_tokens is not False
            feed = await prompter.encode_text(asked.prompt or "", bos=bos)
        told = {"count": len(feed.ids), "max_model_len": self.desk.context, "tokens": feed.ids}
        return answer_json(told)

    async def score(self, request: Request) -> Response:
        """POST /score: one number for each answer."""
        if self.desk.score is None:
            said = f"{self.desk.name} is a chat model: it gives answers, and no scores."
            raise Fault(said, 404, code="not_a_reward_model")
        asked = await self.desk.read(request, ScoreBody)
        rows = [await self.encode_row(chat, asked.template) for chat in asked.list_chats()]
        try:
            marks = await self.desk.patience.attend(self.desk.score(rows), request.receive)
        except Gone:
            return Response(status_code=499)  # nobody reads it
        return self.answer_marks(rows, marks)

    async def encode_row(self, chat: list[Message], template: str | None) -> list[int]:
        """Return the ids of a chat with its answer. Errors: Fault when it doesn't fit."""
        feed = await self.desk.prompter.encode_chat(chat, template, answer=False)
        if len(feed.ids) > self.desk.context:
            said = f"A text has {len(feed.ids)} tokens; this model takes {self.desk.context}."
            raise Fault(said, param="messages", code="context_length_exceeded")
        return feed.ids

    def answer_marks(self, rows: list[list[int]], marks: list[float]) -> Response:
        """Return the scores in vLLM's shape."""
        n_prompt = sum(len(row) for row in rows)
        self.desk.meters.n_prompt_tokens += n_prompt
        self.desk.meters.outcomes["scored"] += len(rows)
        data = [
            {"index": place, "object": "score", "score": mark} for place, mark in enumerate(marks)
        ]
        usage = {"prompt_tokens": n_prompt, "total_tokens": n_prompt, "completion_tokens": 0}
        return answer_json(
            {"object": "list", "model": self.desk.name, "data": data, "usage": usage}
        )

    async def health(self, _request: Request) -> Response:
        """GET /health: 200 only while answers can be made."""
        if self.desk.patience.closing.done():
            raise self.desk.patience.explain()
        engine = self.desk.engine
        if engine is not None and not engine.alive:
            why = engine.cause.rstrip(".") or "its thread has ended"
            raise Fault(f"The engine is dead: {why}. Restart the worker.", 503, code="dead")
        return answer_json({"status": "ok", "model": self.desk.name})

    async def metrics(self, _request: Request) -> Response:
        """GET /metrics, as Prometheus reads it."""
        gauges = measure_process()
        if self.desk.engine is not None:
            counts = self.desk.engine.count()
            gauges["camelid_requests_running"] = counts.n_running
            gauges["camelid_requests_waiting"] = counts.n_waiting
        text = self.desk.meters.write(gauges)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    async def list_models(self, _request: Request) -> Response:
        """GET /v1/models."""
        return answer_json({"object": "list", "data": [self.describe()]})

    async def show_model(self, request: Request) -> Response:
        """GET /v1/models/NAME."""
        name = request.path_params["name"]
        if name != self.desk.name:
            raise unknown_model(name, self.desk.name)
        return answer_json(self.describe())

    def describe(self) -> dict[str, object]:
        """Return the model as a list of models has it."""
        return {
            "id": self.desk.name,
            "object": "model",
            "created": self.desk.created,
            "owned_by": "camelid",
            "max_model_len": self.desk.context,
        }


def build_app(desk: Desk, *, host: str = "127.0.0.1", key: str = "") -> ASGIApp:
    """Return the whole app: the gate, and behind it the routes."""
    api = Api(desk)
    routes = [
        Route("/health", api.health),
        Route("/metrics", api.metrics),
        Route("/v1/models", api.list_models),
        Route("/v1/models/{name:path}", api.show_model),
        Route("/v1/chat/completions", api.chat, methods=["POST"]),
        Route("/v1/completions", api.complete, methods=["POST"]),
        Route("/tokenize", api.tokenize, methods=["POST"]),
        Route("/score", api.score, methods=["POST"]),
        Route("/v1/score", api.score, methods=["POST"]),
    ]

    async def refuse(_request: Request, error: Exception) -> Response:
        fault = as_fault(error)
        desk.meters.faults[fault.status] += 1
        return answer_fault(fault)

    handled = (Fault, HTTPException, ClientDisconnect, Exception)
    app = Starlette(routes=routes, exception_handlers=dict.fromkeys(handled, refuse))
    return Gate(app, host=host, key=key)


def as_fault(error: Exception) -> Fault:
    """Return what a client is told of an error; of an unforeseen one nothing but that it was."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, ClientDisconnect):
        return Fault("The request was not sent to its end.", 400, code="cut_off")
    if isinstance(error, HTTPException):
        words = {404: "There is no such route here.", 405: "This route has another method."}
        return Fault(words.get(error.status_code, error.detail), error.status_code)
    return Fault("The worker made a mistake; its log has the details.", 500, code="internal")
