"""The tokens of a pair: a prompt, and its two answers with their end marks."""

from dataclasses import dataclass
from typing import Literal

from backend.dialogue import Message
from backend.templates.tokens import Encoder
from training.recipe import Recipe
from training.rows import Pair

# Why a pair is not trained on, as a person reads it.
TOO_LONG = "longer than max_length"
NO_ROOM = "the prompt alone fills max_length"
SAME = "both answers the same, or the same once cut"


@dataclass(frozen=True, slots=True)
class Coded:
    """A pair's ids. `chosen_ids` and `rejected_ids` are the answers, without the prompt."""

    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]
    truncated: bool = False

    @property
    def n_tokens(self) -> int:
        """Return how many tokens pass through the model: the prompt goes with each answer."""
        return 2 * len(self.prompt_ids) + len(self.chosen_ids) + len(self.rejected_ids)

    @property
    def n_answer_tokens(self) -> int:
        """Return how many tokens the two answers have."""
        return len(self.chosen_ids) + len(self.rejected_ids)

    @property
    def longest(self) -> int:
        """Return the length of the longer sequence."""
        return len(self.prompt_ids) + max(len(self.chosen_ids), len(self.rejected_ids))

    def as_row(self, kind: Literal["reward", "preference"]) -> dict[str, list[int]]:
        """Return the columns that the trainer of that kind takes.

        Edge: the reward trainer reads whole sequences, the one of preferences the prompt apart. A
        margin is never among them: the published loss has none.
        """
        if kind == "preference":
            return {
                "prompt_ids": self.prompt_ids,
                "chosen_ids": self.chosen_ids,
                "rejected_ids": self.rejected_ids,
            }
        return {
            "chosen_ids": [*self.prompt_ids, *self.chosen_ids],
            "rejected_ids": [*self.prompt_ids, *self.rejected_ids],
        }


def encode_pair(encoder: Encoder, pair: Pair, recipe: Recipe) -> Coded | str:
    """Return a pair's ids, or in words why it is left out.

    Edge: where the recipe truncates, answers lose their ends and no end mark is put in their
    place; a prompt is never cut.
    Errors: InputError when the template can't take the conversation.
    """
    coded = code_pair(encoder, pair)
    if coded.longest > recipe.max_length:
        if recipe.overflow != "truncate":
            return TOO_LONG
        coded = cut_pair(coded, recipe.max_length)
    if not coded.chosen_ids or not coded.rejected_ids:
        return NO_ROOM
    return SAME if coded.chosen_ids == coded.rejected_ids else coded


def code_pair(encoder: Encoder, pair: Pair) -> Coded:
    """Return a pair's ids, however many; the answers are what follows the worker's prompt."""
    prompt = encoder.encode_chat(pair.prompt).ids
    chosen, rejected = (
        encoder.encode_chat(
            (*pair.prompt, Message("assistant", answer)), add_generation_prompt=False
        ).ids[len(prompt) :]
        for answer in (pair.chosen, pair.rejected)
    )
    return Coded(prompt, chosen, rejected)


def cut_pair(coded: Coded, max_length: int) -> Coded:
    """Return a pair whose sequences are no longer than that, answers cut at their ends."""
    room = max(0, max_length - len(coded.prompt_ids))
    return Coded(coded.prompt_ids, coded.chosen_ids[:room], coded.rejected_ids[:room], True)
