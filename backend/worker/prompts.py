"""From a request to the token ids that the model is fed: one way for chats, texts and counts."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.dialogue import Message
from backend.errors import InputError, NotFound
from backend.templates import Template, find_lead, read_template
from backend.templates.tokens import Encoder
from backend.worker.faults import Fault

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Feed:
    """What a model is fed, and what the format says of its answer.

    The answer is over at a `stop` string or one of the `stop_ids`; `lead` is what the model writes
    before it (Vicuna's one space), which is no part of it.
    """

    ids: list[int]
    stop: tuple[str, ...] = ()
    stop_ids: tuple[int, ...] = ()
    lead: str = ""


class Prompter:
    """Makes ids with one model's tokenizer; an empty template is the tokenizer's own.

    A tokenizer isn't safe in several threads, and a long text takes a while: all of it happens in
    one thread that does nothing else.
    """

    def __init__(
        self, tokenizer: "PreTrainedTokenizerBase", template: str, n_vocabulary: int
    ) -> None:
        """Take the tokenizer; ids from `n_vocabulary` on would break the model.

        Errors: NotFound when no template has that name.
        """
        self.tokenizer = tokenizer
        self.template = template
        self.n_vocabulary = n_vocabulary
        self.encoders: dict[str, tuple[Encoder, Template | None, str]] = {}
        self.find_encoder(template)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="tokenizer")

    def find_encoder(self, name: str) -> tuple[Encoder, Template | None, str]:
        """Return a template's encoder, and the template with its lead where it is one of ours."""
        if name not in self.encoders:
            template = read_template(name) if name else None
            lead = find_lead(template) if template else ""
            self.encoders[name] = (Encoder(self.tokenizer, template), template, lead)
        return self.encoders[name]

    async def encode_chat(
        self, messages: Sequence[Message], template: str | None = None, *, answer: bool = True
    ) -> Feed:
        """Return what a chat is for the model; with `answer` it ends where the answer begins.

        Errors: Fault when the template is unknown, or can't hold such a chat.
        """
        try:
            name = self.template if template is None else template
            encoder, ours, lead = self.find_encoder(name)
        except NotFound as error:
            raise Fault(str(error), param="template", code="template_not_found") from None

        def encode() -> list[int]:
            return encoder.encode_chat(messages, add_generation_prompt=answer).ids

        ids = await self.run(encode, "messages")
        stop = ours.stop if ours else ()
        return Feed(ids, stop, encoder.stop_ids, lead)

    async def encode_text(self, prompt: str | list[int], *, bos: bool = True) -> Feed:
        """Return what a plain text is for the model; ids are taken as they are."""
        if isinstance(prompt, list):
            return Feed(self.check_ids(prompt))
        encoder, *_ = self.find_encoder(self.template)
        return Feed(await self.run(lambda: encoder.encode_text(prompt, bos=bos), "prompt"))

    async def run(self, encode: Callable[[], list[int]], param: str) -> list[int]:
        """Encode in the tokenizer's thread."""
        try:
            ids = await asyncio.get_running_loop().run_in_executor(self.thread, encode)
        except (InputError, NotFound) as error:
            raise Fault(str(error), param=param, code="invalid_value") from None
        return self.check_ids(ids)

    def check_ids(self, ids: list[int]) -> list[int]:
        """Return ids that the model has.

        Errors: Fault when there is none, or one is beyond the vocabulary.
        """
        if not ids:
            raise Fault("The prompt is empty.", param="prompt", code="invalid_value")
        if max(ids) >= self.n_vocabulary:
            said = f"The model has token ids below {self.n_vocabulary}, not {max(ids)}."
            raise Fault(said, param="prompt", code="invalid_value")
        return ids

    def close(self) -> None:
        """End the thread."""
        self.thread.shutdown(wait=False, cancel_futures=True)
