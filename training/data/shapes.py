"""Which shape a file has, and its rows as what training takes: examples or pairs."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from backend.errors import InputError
from training.data import alpaca, comparisons, preferences, sharegpt
from training.data.comparisons import Outcome, OutOfRange, Same, Tie
from training.data.rows import Row, read_rows
from training.recipe import Shape
from training.rows import Example, Pair

NO_ANSWER = "nothing is answered in it"
KNOWN_SHAPES = (
    "Alpaca (instruction, input, output), ShareGPT (conversations or messages), comparisons "
    "(user_input with completion_a and completion_b, or with responses_and_scores), preferences "
    "(chosen and rejected, with prompt or conversations)"
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of a file, and how many others there were.

    Units: all in pairs but `n_rows`; pairs, ties, those out of range and those of the same words
    make all C(K, 2) pairs of all rows.
    """

    pairs: list[Pair]
    n_rows: int = 0
    n_ties: int = 0
    n_out_of_range: int = 0
    n_same: int = 0

    @property
    def skipped(self) -> dict[str, int]:
        """Return how many pairs were left out, by reason; reasons without any are not there."""
        counted = {
            "a tie": self.n_ties,
            "a score outside 1 to 10": self.n_out_of_range,
            "twice the same answer": self.n_same,
        }
        return {reason: n for reason, n in counted.items() if n}


def detect_shape(path: Path) -> Shape:
    """Return the shape of a file, from its first row.

    Errors: InputError that says what was found, and which shapes there are.
    """
    with naming(path):
        first = next(read_rows(path), None)
        if first is None:
            raise InputError(f"There are no rows in {path.name}.")
        return name_shape(first)


def name_shape(row: Row) -> Shape:
    """Return the shape of a row. Errors: InputError when it has none."""
    keys = row.fields.keys()
    if keys >= preferences.KEYS:
        return "preference"
    if comparisons.PROMPT in keys:
        return "comparison"
    if any(key in keys for key in sharegpt.KEYS):
        return "sharegpt"
    if keys >= alpaca.KEYS:
        return "alpaca"
    found = ", ".join(sorted(ascii(key)[:40] for key in keys)[:10]) or "nothing"
    return row.refuse(f"It is of no known shape: it has {found}. There are {KNOWN_SHAPES}.")


def check_file(path: Path) -> tuple[Shape, int]:
    """Return a file's shape and how many rows it has, after each was read as that shape.

    Errors: InputError with the first row that is none.
    """
    shape = detect_shape(path)
    n_rows = 0
    with naming(path):
        for row in read_rows(path):
            check_row(row, shape)
            n_rows = row.line
    return shape, n_rows


def check_row(row: Row, shape: Shape) -> None:
    """Read a row as a shape. Errors: InputError when it is none."""
    if shape == "alpaca":
        alpaca.read_example(row)
    elif shape == "sharegpt":
        sharegpt.read_example(row)
    else:
        deque(compare(row, shape), maxlen=0)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put a file's name in front of what is wrong in a row of it."""
    try:
        yield
    except InputError as error:
        if error.line is None:
            raise
        told = InputError(f"{path.name}, {error}")
        told.line = error.line
        raise told from error


def read_examples(
    path: Path, shape: Shape, skipped: Counter[str] | None = None, most: int | None = None
) -> Iterator[Example]:
    """Yield the examples of a file; rows in which nothing is answered are counted in `skipped`.

    Units: `most` in rows of the file, None for all.
    Errors: InputError with the row; also when the shape has pairs and no examples.
    """
    if shape not in ("alpaca", "sharegpt"):
        raise InputError(f"{path.name} holds pairs of answers ({shape}), and no examples to learn.")
    read = alpaca.read_example if shape == "alpaca" else sharegpt.read_example
    with naming(path):
        for row in islice(read_rows(path), most):
            example = read(row)
            if example is not None:
                yield example
            elif skipped is not None:
                skipped[NO_ANSWER] += 1


def read_pairs(path: Path, shape: Shape, most: int | None = None) -> Pairs:
    """Return the pairs of a file, the better answer of each first.

    Units: `most` in rows of the file, None for all.
    Errors: InputError with the row; also when the shape has examples and no pairs.
    """
    if shape not in ("comparison", "preference"):
        raise InputError(f"{path.name} holds single answers ({shape}), and no pairs to compare.")
    pairs: list[Pair] = []
    others: Counter[type[Outcome]] = Counter()
    n_rows = 0
    with naming(path):
        for row in islice(read_rows(path), most):
            n_rows = row.line
            for outcome in compare(row, shape):
                if isinstance(outcome, Pair):
                    pairs.append(outcome)
                else:
                    others[type(outcome)] += 1
    return Pairs(pairs, n_rows, others[Tie], others[OutOfRange], others[Same])


def compare(row: Row, shape: Shape) -> Iterable[Outcome]:
    """Return what a row says about any two of its answers."""
    if shape == "comparison":
        return comparisons.compare(row)
    return [preferences.read_preference(row)]
