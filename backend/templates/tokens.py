"""From a conversation to token ids: the one way, for training and for serving.

Special tokens come from the template only. What a person writes is text, whatever it holds: it
can't end an answer or begin a turn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from backend.dialogue import Message
from backend.errors import InputError, NotFound
from backend.templates.isolation import Isolation
from backend.templates.library import Template, list_templates
from backend.templates.pipelines import build_pipelines
from backend.templates.rendering import (
    MARKS,
    check_characters,
    check_turns,
    compile_template,
    fill_template,
    list_fields,
    list_needs,
    read_literals,
    reads_input,
)
from backend.templates.shields import Piece, choose_nonce, shield_message, split_pieces
from backend.templates.vocabulary import list_tokens, read_own, read_spec, read_words

Fill = Callable[[Mapping[str, object]], str]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A conversation as a model is fed with it.

    Shapes: `ids` and `mask` are equally long; the mask is 1 where a token carries loss: in answers
    and their end marks.
    """

    ids: list[int]
    mask: list[int]


class Encoder:
    """Makes ids of conversations, with one tokenizer and one template.

    `template` is the one in use, None where the tokenizer has none of its own.
    Edge: what stands before an answer is encoded apart from it, so that a prompt's ids always begin
    the ids of the prompt with its answer. A template without generation marks can't promise that,
    and gives a mask of zeros.
    """

    def __init__(self, tokenizer: Any, template: Template | None) -> None:  # noqa: ANN401
        """Take a fast tokenizer of transformers; no template means the tokenizer's own.

        Errors: InputError when the tokenizer is not a fast one, or its own template no Jinja.
        """
        spec = read_spec(tokenizer)
        self.template = template or read_own(tokenizer)
        self._is_own = template is None
        source = self.template.source if self.template else ""
        self._fill = build_fill(source, is_own=self._is_own)
        self._needs = set() if self._is_own else list_needs(source)
        self._with_input = not self._is_own and reads_input(source)
        self._words = read_words(tokenizer)
        self._bos_id: int | None = tokenizer.bos_token_id
        self._adds_bos = tokenizer.backend_tokenizer.encode("").ids[:1] == [self._bos_id]
        self._tokens = list_tokens(spec, self._words.values(), read_literals(source))
        self._pipelines = build_pipelines(spec, {token.text for token in self._tokens})

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """Return the tokens that end an answer: the end token, and stop strings that are tokens."""
        stop = (self._words["eos_token"], *(self.template.stop if self.template else ()))
        return tuple(sorted({token.token_id for token in self._tokens if token.text in stop}))

    def encode_chat(
        self, messages: Sequence[Message], *, add_generation_prompt: bool = True
    ) -> Encoded:
        """Return the ids of a conversation, up to where the next answer begins.

        Errors: NotFound when the tokenizer has no template; InputError when the turns are out of
        order, or the template can't take them.
        """
        source = self._find_template().source
        check_turns(messages, add_generation_prompt=add_generation_prompt)
        check_characters(messages)
        fields = list_fields(messages, with_input=self._with_input)
        texts = [text for field in fields for text in field.values()]
        nonce = choose_nonce([*texts, *self._words.values(), source])
        variables = self._words | {
            "messages": [shield_message(field, self._tokens, nonce) for field in fields],
            "add_generation_prompt": add_generation_prompt,
            MARKS: [nonce.start, nonce.end],
        }
        rendered = self._fill({"tools": None, "documents": None} | variables)
        return self._encode_pieces(split_pieces(rendered, self._tokens, nonce))

    def encode_text(self, text: str, *, bos: bool = True) -> list[int]:
        """Return the ids of a plain text, in which special tokens are text too.

        Edge: `bos` puts the begin token in front where the tokenizer itself would.
        Errors: InputError when the text holds half characters.
        """
        check_characters([Message("user", text)])
        ids: list[int] = self._pipelines.begin.encode(text, add_special_tokens=False).ids
        return [self._bos_id, *ids] if bos and self._adds_bos and self._bos_id is not None else ids

    def _find_template(self) -> Template:
        """Return the template. Errors: NotFound or InputError when there is none to use."""
        if self.template is None:
            known = ", ".join(list_templates())
            raise NotFound(f"The tokenizer has no chat template of its own; choose one of {known}.")
        if "eos_token" in self._needs and not self._words["eos_token"]:
            raise InputError(
                f"The template {self.template.name} ends an answer with the tokenizer's end token, "
                "and this tokenizer has none; set its eos_token, or choose another template."
            )
        return self.template

    def _encode_pieces(self, pieces: Sequence[Piece]) -> Encoded:
        """Return the ids of a conversation's pieces.

        Edge: text after a begin token that our templates put first is the beginning of a text, as
        it is when a tokenizer itself puts that token there.
        """
        encoded = Encoded([], [])
        pipeline = self._pipelines.begin
        for place, piece in enumerate(pieces):
            if piece.token:
                ids = [piece.token.token_id]
                if place or self._is_own or ids != [self._bos_id]:
                    pipeline = self._pipelines.after_token
            else:
                ids = pipeline.encode(piece.text, add_special_tokens=False).ids
                pipeline = self._pipelines.go_on
            encoded.ids.extend(ids)
            encoded.mask.extend([piece.carries_loss] * len(ids))
        return encoded


def build_fill(source: str, *, is_own: bool) -> Fill:
    """Return what fills in a template: one from outside is filled in by a process of its own."""
    if is_own:
        return Isolation(source).fill
    return partial(fill_template, compile_template(source))
