"""Turns tokens into text while they come, without ever taking a letter back.

A token need not be a whole character: byte-level vocabularies cut Chinese and emoji into bytes, and
so do SentencePiece's byte tokens. What is not certain yet is held back, so that all pieces together
are exactly the text of all tokens decoded at once. The beginning of what may become a stop string
is held back, too: none of a stop string is ever seen.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

UNSURE = "\N{REPLACEMENT CHARACTER}"  # what a decoder shows for bytes that are no character (yet)
# A character has at most 4 bytes and a token at least one, so more than 3 tokens back all is sure.
UNSURE_TOKENS = 4
PATIENCE = 16  # tokens held back before it is worth looking for a place to cut


class Tokenizer(Protocol):
    """What is needed of a tokenizer."""

    def decode(self, token_ids: list[int], **words: Any) -> Any:  # noqa: ANN401 - as transformers has it
        """Return the text of tokens."""

    def convert_tokens_to_ids(self, tokens: list[str]) -> Any:  # noqa: ANN401 - as transformers has it
        """Return the ids of tokens, that of <unk> for those that aren't there."""

    def convert_ids_to_tokens(self, ids: list[int]) -> Any:  # noqa: ANN401 - as transformers has it
        """Return the tokens of ids."""

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        """Return the tokens that were added, each with its `special`."""


class Alphabet:
    """What has to be known of a tokenizer, found out once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Find the tokens that stand for bytes, and those that are never shown."""
        added = tokenizer.added_tokens_decoder.items()
        self.hidden_ids = frozenset(id_ for id_, token in added if token.special)
        self.byte_ids = find_byte_ids(tokenizer)
        self._tokenizer = tokenizer

    def decode(self, ids: list[int]) -> str:
        """Return the text of tokens."""
        return str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False))


def find_byte_ids(tokenizer: Tokenizer) -> frozenset[int]:
    """Return the ids of SentencePiece's byte tokens, `<0x00>` to `<0xFF>`.

    A run of them is decoded as one: a single wrong byte turns all of it into replacement
    characters, so that no part of a run is certain before its end.
    """
    names = [f"<0x{byte:02X}>" for byte in range(256)]
    found = [id_ for id_ in tokenizer.convert_tokens_to_ids(names) if id_ is not None]
    named = zip(found, tokenizer.convert_ids_to_tokens(found), strict=True)
    return frozenset(id_ for id_, name in named if name in names)


class Decoder:
    """The text of a growing list of tokens, each call's new part.

    Keeps the tokens of the last part that was told and those after it: the former give the new
    ones their context (a first token loses its leading space, a later one doesn't), so that each
    call decodes a few tokens only, however long the answer is.
    """

    def __init__(self, alphabet: Alphabet) -> None:
        """Begin an answer."""
        self._alphabet = alphabet
        self._ids: list[int] = []
        self._n_told = 0  # of these ids
        self._told = ""  # their text, decoded without what follows
        self._patience = PATIENCE

    def push(self, ids: Sequence[int], *, is_last: bool = False) -> str:
        """Take more tokens; return the text that is certain now, and all of it at the end."""
        self._ids.extend(id_ for id_ in ids if id_ not in self._alphabet.hidden_ids)
        if is_last:
            return self._alphabet.decode(self._ids)[len(self._told) :]
        if len(self._ids) == self._n_told or self._ids[-1] in self._alphabet.byte_ids:
            return ""
        text = self._alphabet.decode(self._ids)
        if text.endswith(UNSURE):
            return self._cut(text)
        return self._tell(text, len(self._ids)) if len(text) > len(self._told) else ""

    def _tell(self, text: str, end: int) -> str:
        """Return what is new in `text`, the text of the first `end` tokens, and move on."""
        new = text[len(self._told) :]
        del self._ids[: self._n_told]
        self._n_told = end - (self._n_told)
        self._told = self._alphabet.decode(self._ids[: self._n_told])
        self._patience = PATIENCE
        return new

    def _cut(self, text: str) -> str:
        """Return what is certain of a text whose last character is not.

        Only after many tokens, and where the text before and after the cut add up: a model that
        writes nothing but broken bytes must not make each token dearer than the one before.
        """
        if len(self._ids) - self._n_told < self._patience:
            return ""
        last = len(self._ids) - UNSURE_TOKENS
        for end in range(last, max(last - UNSURE_TOKENS, self._n_told), -1):
            before = self._alphabet.decode(self._ids[:end])
            if before + self._alphabet.decode(self._ids[end:]) == text:
                return self._tell(before, end)
        self._patience *= 2
        return ""


class StopString:
    """One stop string, and how much of it the text so far ends with (Knuth, Morris and Pratt)."""

    def __init__(self, word: str) -> None:
        """Work out where to go on after a letter that doesn't fit."""
        self.word = word
        self.n_seen = 0
        self._borders = [0] * len(word)  # of each beginning: the longest one that also ends it
        for place in range(1, len(word)):
            self._borders[place] = self._match(self._borders[place - 1], word[place])

    def push(self, letter: str) -> bool:
        """Take a letter; return whether the word is complete."""
        self.n_seen = self._match(self.n_seen, letter)
        return self.n_seen == len(self.word)

    def _match(self, n_seen: int, letter: str) -> int:
        """Return how many letters fit after one more."""
        while n_seen and (n_seen == len(self.word) or self.word[n_seen] != letter):
            n_seen = self._borders[n_seen - 1]
        return n_seen + 1 if self.word[n_seen] == letter else 0


class StopStrings:
    """Ends a text at the first stop string that is complete, whatever parts it comes in."""

    def __init__(self, words: Sequence[str]) -> None:
        """Look out for these; empty ones stop nothing."""
        self._words = [StopString(word) for word in words if word]
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """Return what can be shown: nothing of a stop string, nor of what may become one."""
        if not self._words:
            return text
        self._held += text
        start = len(self._held) - len(text)
        for end, letter in enumerate(text, start + 1):
            complete = [len(word.word) for word in self._words if word.push(letter)]
            if complete:
                self.stopped = True
                return self._release(end - max(complete))
        return self._release(len(self._held) - max(word.n_seen for word in self._words))

    def flush(self) -> str:
        """Return what was held back: no stop string came of it."""
        return self._release(len(self._held))

    def _release(self, end: int) -> str:
        text, self._held = self._held[:end], self._held[end:]
        return text


class Reading:
    """The text of one answer as its tokens come: characters whole, stop strings and eos gone."""

    def __init__(self, decoder: Decoder, stop: Sequence[str], eos: Collection[int]) -> None:
        """Begin an answer."""
        self._decoder = decoder
        self._stop = StopStrings(stop)
        self._eos = eos
        self._ended = False
        self._step = 1 if any(stop) else 0  # token by token, to know the last one
        self.n_read = 0  # an end token, or the last of a stop string, is the last one

    @property
    def stopped(self) -> bool:
        """Say whether the answer has come to its end by itself: a stop string, or eos."""
        return self._ended or self._stop.stopped

    def read(self, ids: Sequence[int], *, is_last: bool = False) -> str:
        """Take more tokens; return the text to show."""
        ended = bool(is_last and ids and ids[-1] in self._eos)
        words = ids[:-1] if ended else ids
        text = ""
        for start in range(0, max(len(words), 1), self._step or max(len(words), 1)):
            part = words[start : start + self._step] if self._step else words
            is_end = is_last and start + len(part) >= len(words)
            text += self._stop.push(self._decoder.push(part, is_last=is_end))
            self.n_read += len(part)
            if self._stop.stopped:
                return text
        self._ended = ended
        self.n_read += ended
        return text + self._stop.flush() if is_last else text
