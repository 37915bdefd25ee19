"""The one door to the OpenAI protocol: asks a model, and turns whatever happens into a Reply.

Nothing that a server does is raised to the caller. Importing this takes about a second, which is
why the web process does so when the first model is asked.
"""

import asyncio
import gc
import json
import logging
import random
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from types import TracebackType
from typing import Self

import httpx2
import openai

from backend import scoring
from backend.call import Call, Endpoint, Patience
from backend.dialogue import Message, Reply, Sampling
from backend.errors import Refused
from backend.faults import Fault, Peer, explain_break, read_error, read_status
from backend.money import Purse, estimate, is_free, refuse_unpriced
from backend.scoring import Marks
from backend.till import Till
from backend.wire import Draft, add_local, build_body

PATH = "/chat/completions"
OPENAI_HOST = "api.openai.com"  # its newer models refuse max_tokens; all take the other name
TALKATIVE = ("openai", "httpx2", "httpcore2")  # they would log prompts
# No connection ever stood; UnicodeEncodeError is a host name that can't be one.
UNCONNECTED = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.InvalidURL,
    UnicodeEncodeError,
)
NO_EVENT = object()
# Who asks says how many are under way at a time; none of them waits for a connection.
UNLIMITED = httpx2.Limits(max_connections=None, max_keepalive_connections=256)

gc.freeze()  # what is loaded by now stays: to look for garbage in it lets all calls wait 80 ms


class Client:
    """Asks one model. Each call has a connection of its own; inside `async with` they are kept."""

    def __init__(
        self,
        endpoint: Endpoint,
        purse: Purse,
        *,
        patience: Patience | None = None,
        http_client: httpx2.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect to nothing yet; `http_client` stands in for our own, and stays open."""
        self.endpoint, self._till = endpoint, Till(purse)
        self.patience, self._clock = patience or Patience(), clock
        self._peer = endpoint.peer
        self._headers = {} if endpoint.key else {"Authorization": openai.Omit()}
        self._kept = http_client
        self._sdk: openai.AsyncOpenAI | None = None
        self._is_open, self._stack = False, AsyncExitStack()
        secure = endpoint.base_url.lower().startswith("https:")
        self._verify = httpx2.create_ssl_context() if secure and not http_client else False
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)

    async def __aenter__(self) -> Self:
        """Keep connections for the next call until the block ends."""
        if self._kept is None:
            self._kept = await self._stack.enter_async_context(self._build_http())
            self._stack.callback(self._let_go)
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Settle all bills, and close what was kept."""
        self._is_open = False
        try:
            await self._till.finish()
        finally:
            await self._stack.aclose()

    def _let_go(self) -> None:
        self._kept = self._sdk = None

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling, *, template: str = ""
    ) -> AsyncGenerator[str | Reply, None]:
        """Yield an answer's text as it comes, then exactly one Reply.

        Edge: closing the iterator, or cancelling who reads it, ends the request at once; there is
        no Reply then, and what was reserved counts as spent. `template` is for local models only.
        """
        call = self._open_call(messages, sampling, template, stream=True)
        async with aclosing(self._carry_out(call)) as told:
            async for piece in told:
                yield piece

    async def ask(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        template: str = "",
        schema: Mapping[str, object] | None = None,
        patience: Patience | None = None,
    ) -> Reply:
        """Return a whole answer; it is not streamed, which costs both sides less.

        `schema` is the JSON schema that the answer is to keep to; a server that takes none answers
        without, and the reply says so. `patience` stands in for the client's for this call.
        """
        call = self._open_call(messages, sampling, template, stream=False)
        call.patience = patience or self.patience
        if schema:
            call.ask_for(schema)
        async with aclosing(self._carry_out(call)) as told:
            replies = [piece async for piece in told if isinstance(piece, Reply)]
        return replies[0]

    async def score(
        self, question: Message, answers: Sequence[str], *, template: str = ""
    ) -> Marks:
        """Return what a reward model, in a worker of ours, gives each answer; never tried twice.

        Errors: Refused for any other server: nothing would count what that costs.
        """
        if not self.endpoint.is_local:
            raise Refused(f"{self.endpoint.name} is no model on this machine; only those score.")
        body = scoring.build_scoring(question, answers, template)
        call = Call(self.endpoint, body, 0.0, self._clock(), Draft(self._peer), self.patience)
        try:
            async with self._connect() as sdk:
                told = await self._send(sdk, call, scoring.PATH)
            scores = scoring.read_scores(told, len(answers), self._peer)
        except Fault as fault:
            took_s = self._clock() - call.started
            return Marks((), fault.outcome, fault.detail, took_s, fault.retry_after_s)
        return Marks(scores, duration_s=self._clock() - call.started)

    def _open_call(
        self, messages: Sequence[Message], sampling: Sampling, template: str, *, stream: bool
    ) -> Call:
        endpoint = self.endpoint
        body = build_body(endpoint.model, messages, sampling, stream=stream)
        if endpoint.is_local:
            body = add_local(body, messages, sampling, template)
        elif self._peer.host == OPENAI_HOST:
            body["max_completion_tokens"] = body.pop("max_tokens")
        ceiling_usd = estimate(endpoint, messages, sampling.max_tokens)
        now, draft = self._clock(), Draft(self._peer)
        return Call(endpoint, body, ceiling_usd, now, draft, self.patience)

    async def _carry_out(self, call: Call) -> AsyncGenerator[str | Reply, None]:
        fault: Fault | None = None
        while True:
            try:
                async with aclosing(self._attempt(call)) as pieces:
                    async for piece in pieces:
                        yield piece
                fault = None
                break
            except Fault as error:
                fault = error
            if not await self._recover(call, fault):
                break
        yield call.make_reply(fault, self._clock())

    async def _recover(self, call: Call, fault: Fault) -> bool:
        """Make ready for another attempt, and wait until it is time; False where none makes sense.

        Nothing is asked again once a text has come: it may have been shown, and paid for.
        """
        if call.drop(fault.param):
            return True
        if call.draft.parts or not call.may_again(fault) or self.endpoint.is_local:
            return False
        patience = call.patience
        wait_s = fault.retry_after_s or patience.backoff_s * 2 ** (call.n_attempts - 1)
        wait_s *= random.uniform(1, 1.25)  # so that not all come back at the same moment
        if wait_s > patience.longest_wait_s or wait_s >= self._count_left(call):
            return False
        await asyncio.sleep(wait_s)
        return True

    async def _attempt(self, call: Call) -> AsyncGenerator[str, None]:
        call.draft, call.attempted = Draft(self._peer), self._clock()
        call.n_attempts += 1
        async with self._pay(call), self._connect() as sdk:
            if not call.body.get("stream"):
                yield call.draft.add_whole(await self._send(sdk, call))
                return
            async with aclosing(self._read_stream(sdk, call)) as texts:
                async for text in texts:
                    if call.first_token_s is None:
                        call.first_token_s = self._clock() - call.started
                    yield text

    async def _send(self, sdk: openai.AsyncOpenAI, call: Call, path: str = PATH) -> object:
        async with self._limit(call):
            return await sdk.post(
                path, cast_to=object, body=call.body, options={"headers": self._headers}
            )

    async def _read_stream(self, sdk: openai.AsyncOpenAI, call: Call) -> AsyncGenerator[str, None]:
        events = await self._open_stream(sdk, call)
        try:
            kind = events.response.headers.get("content-type", "")
            if "json" in kind or "html" in kind:  # a server that does not stream, or no such server
                yield call.draft.add_whole(await self._read_whole(events, call))
                return
            while (event := await self._read_event(events, call)) is not NO_EVENT:
                if text := call.draft.add_chunk(event):
                    yield text
            if not call.draft.n_events:
                raise explain_break(self._peer, connected=True)
        finally:
            with suppress(httpx2.HTTPError):
                await events.close()

    async def _open_stream(self, sdk: openai.AsyncOpenAI, call: Call) -> openai.AsyncStream[object]:
        async with self._limit(call):
            return await sdk.post(
                PATH,
                cast_to=object,
                body=call.body,
                options={"headers": self._headers},
                stream=True,
                stream_cls=openai.AsyncStream[object],
            )

    async def _read_whole(self, events: openai.AsyncStream[object], call: Call) -> object:
        async with self._limit(call):
            told = (await events.response.aread()).decode(errors="replace")
            try:
                return json.loads(told)
            except ValueError:
                return told

    async def _read_event(self, events: openai.AsyncStream[object], call: Call) -> object:
        try:
            async with self._limit(call):
                return await anext(events, NO_EVENT)
        except Fault:
            if call.draft.finish:  # the answer was complete; only its usage is missing
                return NO_EVENT
            raise

    @asynccontextmanager
    async def _limit(self, call: Call) -> AsyncIterator[None]:
        """Let a step take as long as it may, and turn whatever it ends in into a Fault."""
        limit_s, why = self._find_limit(call)
        try:
            async with asyncio.timeout(max(0.0, limit_s)):
                with translate(self._peer):
                    yield
        except TimeoutError:
            raise Fault("timeout", f"{self._peer.name}: {why}", again=False) from None

    def _find_limit(self, call: Call) -> tuple[float, str]:
        """Return how long the next step may take, and the sentence for when it takes longer."""
        patience, host, left_s = call.patience, self._peer.host, self._count_left(call)
        limit_s, why = left_s, f"no full answer from {host} within {patience.deadline_s:g} s."
        if not call.body.get("stream"):
            return limit_s, why
        if call.draft.finish:
            return min(patience.tail_s, left_s), why
        if call.draft.parts:
            step_s, late = patience.silence_s, f"{host} fell silent in mid-answer"
            late += f" for {step_s:g} s."
        else:
            step_s = patience.first_token_s - (self._clock() - call.attempted)
            late = f"{host} did not begin to answer within {patience.first_token_s:g} s."
        return (step_s, late) if step_s < left_s else (limit_s, why)

    def _count_left(self, call: Call) -> float:
        return call.patience.deadline_s - (self._clock() - call.started)

    @asynccontextmanager
    async def _pay(self, call: Call) -> AsyncIterator[None]:
        """Put money aside for an attempt, and settle it however the attempt ends."""
        reservation = await self._reserve(call)
        billed = True
        try:
            yield
        except Fault as fault:
            billed = fault.billed
            raise
        finally:
            if reservation is not None:
                usd = call.count_cost(billed)
                call.spent_usd += call.ceiling_usd or 0.0 if usd is None else usd
                if self._is_open:  # the end of the block waits for it
                    self._till.settle_soon(reservation, usd)
                else:
                    await self._till.settle(reservation, usd)

    async def _reserve(self, call: Call) -> int | None:
        endpoint, ceiling_usd = self.endpoint, call.ceiling_usd
        if endpoint.is_local or is_free(endpoint):
            return None
        if ceiling_usd is None:
            raise Fault("no_quota", str(refuse_unpriced(endpoint)), billed=False)
        words = (endpoint.name, ceiling_usd, endpoint.daily_cap_usd)
        try:
            return await self._till.reserve(*words, self._count_left(call))
        except Refused as error:
            raise Fault("no_quota", str(error), billed=False) from None

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[openai.AsyncOpenAI]:
        if self._kept is not None:
            yield self._find_sdk(self._kept)
            return
        async with self._build_http() as http:
            with translate(self._peer):
                sdk = self._build_sdk(http)
            yield sdk

    def _find_sdk(self, kept: httpx2.AsyncClient) -> openai.AsyncOpenAI:
        # to make one takes longer than to send a request
        if self._sdk is None:
            with translate(self._peer):
                self._sdk = self._build_sdk(kept)
        return self._sdk

    def _build_http(self) -> httpx2.AsyncClient:
        # a proxy is for the world outside: our own workers are on this machine
        return httpx2.AsyncClient(
            verify=self._verify, trust_env=not self.endpoint.is_local, limits=UNLIMITED
        )

    def _build_sdk(self, http: httpx2.AsyncClient) -> openai.AsyncOpenAI:
        key = self.endpoint.key.get_secret_value() if self.endpoint.key else ""
        if not key.isascii() or any(letter.isspace() or not letter.isprintable() for letter in key):
            said = f"{self._peer.name}: {self._peer.key_env} holds what no key holds; set it again."
            raise Fault("bad_key", said, billed=False)
        sdk = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=self.endpoint.base_url,
            timeout=httpx2.Timeout(None, connect=self.patience.connect_s),
            max_retries=0,
            http_client=http,
        )
        if self._peer.host != OPENAI_HOST:  # the SDK takes them from the environment
            sdk.organization = sdk.project = None
        return sdk


@contextmanager
def translate(peer: Peer) -> Iterator[None]:
    """Turn what the SDK raises, and what it lets through, into a Fault."""
    try:
        yield
    except openai.APIStatusError as error:
        headers = error.response.headers
        raise read_status(error.status_code, error.body, headers, peer) from None
    except UNCONNECTED:
        raise explain_break(peer, connected=False) from None
    except (openai.APIConnectionError, httpx2.HTTPError, OSError) as error:
        connected = not isinstance(error.__cause__, UNCONNECTED)
        raise explain_break(peer, connected=connected) from None
    except openai.APIError as error:
        raise read_error(error.body or error.message, peer) from None
    except (ValueError, RecursionError):
        said = f"{peer.name}: what {peer.host} sent can't be read as JSON."
        raise Fault("malformed", said) from None
