"""Comparison data: answers of several systems to one prompt, with scores or in order.

Source: GPT-4-LLM's comparison data. Its first version is a better and a worse completion. The
second one's shape was never documented: three answers with scores is what converters of others
read, so a file that differs is refused with what was found in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations

from backend.dialogue import Message
from training.data.alpaca import ANSWER, split_prompt
from training.data.rows import Row
from training.rows import Pair

PROMPT, BETTER, WORSE, SCORED = "user_input", "completion_a", "completion_b", "responses_and_scores"
MOST_ANSWERS = 32  # of a prompt: they make 496 pairs, and 3,000 would make 4.5 million
LOWEST, HIGHEST = 1, 10  # of the scores that GPT-4 was asked for; others are failures to give one
EXPECTED = (
    f"Comparison data has {PROMPT!r} with {BETTER!r} and {WORSE!r}, or with {SCORED!r}: a list of "
    "objects with 'response', 'source' and 'score'"
)


@dataclass(frozen=True, slots=True)
class Tie:
    """Two answers with the same score: which is better is not said."""


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """Two answers of which one has no score that could have been given."""


@dataclass(frozen=True, slots=True)
class Same:
    """Two answers of the same words."""


Outcome = Pair | Tie | OutOfRange | Same


def compare(row: Row) -> Iterator[Outcome]:
    """Yield an outcome for every two answers in a row, C(K, 2) of them.

    Errors: InputError when the row has another shape.
    """
    prompt = read_prompt(row)
    item = sha256("\n".join(part.text for part in prompt).encode()).hexdigest()[:16]
    if not (SCORED in row.fields or {BETTER, WORSE} <= row.fields.keys()):
        row.refuse(f"{EXPECTED}; this row has {', '.join(sorted(map(ascii, row.fields)))[:200]}.")
    if SCORED not in row.fields:
        better, worse = row.text(BETTER), row.text(WORSE)
        yield Same() if better == worse else Pair(prompt, better, worse, row.line, item)
        return
    parts = row.parts(SCORED)
    if len(parts) > MOST_ANSWERS:
        row.refuse(f"{len(parts):,} answers to a prompt are too many; {MOST_ANSWERS} can be taken.")
    answers = [read_answer(row, part) for part in parts]
    for one, other in combinations(answers, 2):
        yield decide(Pair(prompt, one[0], other[0], row.line, item), one[1], other[1])


def decide(pair: Pair, one: float, other: float) -> Outcome:
    """Return two answers with the higher score first, or why they can't be told apart."""
    if not all(LOWEST <= score <= HIGHEST for score in (one, other)):
        return OutOfRange()
    if one == other:
        return Tie()
    if pair.chosen == pair.rejected:
        return Same()
    first, second = (pair.chosen, pair.rejected) if one > other else (pair.rejected, pair.chosen)
    return Pair(pair.prompt, first, second, pair.line, pair.item, abs(one - other))


def read_prompt(row: Row, key: str = PROMPT) -> tuple[Message, ...]:
    """Return the prompt; a whole Alpaca prompt is taken apart, so that none is wrapped twice."""
    text = row.text(key)
    found = split_prompt(text)
    if found is None and text.rstrip().endswith(ANSWER):
        row.refuse(
            f"{key!r} ends with {ANSWER!r} and doesn't begin as an Alpaca prompt does; it can't "
            "be taken apart."
        )
    return (found or Message("user", text),)


def read_answer(row: Row, part: object) -> tuple[str, float]:
    """Return an answer and its score."""
    if not isinstance(part, dict) or not {"response", "score"} <= part.keys():
        found = sorted(map(str, part))[:10] if isinstance(part, dict) else type(part).__name__
        row.refuse(f"{EXPECTED}; in this list there is {str(found)[:200]}.")
    answer = row.inner(part, SCORED)
    return answer.text("response"), answer.number("score")
