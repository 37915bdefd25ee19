"""Which item an answer belongs to, and which benchmark a file of answers speaks of."""

from collections import defaultdict
from dataclasses import dataclass

from annotations import library
from annotations.imports.intake import Intake
from annotations.library import Benchmark, list_names
from annotations.readers import AnswerRow, PredictionRow
from annotations.readers.fields import shorten
from backend.errors import InputError
from backend.records import Answer, Item

Items = dict[str, tuple[int, Item]]  # item id -> (row number in the ledger, item)


@dataclass(frozen=True, slots=True)
class Placed:
    """One answer with the row number of its item; `model` is None where the file doesn't say.

    `name` is what the file calls the answer itself, if it does.
    """

    line: int
    model: str | None
    item_row: int
    answer: Answer
    name: str = ""


def place_answers(intake: Intake) -> tuple[Benchmark, list[Placed]]:
    """Return the benchmark that a file answers, and the answers with their items.

    Errors: InputError with the line that fits no item, or when several benchmarks fit.
    """
    fitting: list[tuple[Benchmark, list[Placed]]] = []
    failures: list[InputError] = []
    for benchmark in choose_candidates(intake):
        items = library.select_items(intake.db, benchmark.benchmark_id)
        try:
            fitting.append((benchmark, place_rows(intake, benchmark.name, items)))
        except InputError as failure:
            failures.append(failure)
    if not fitting:  # the benchmark that fitted furthest is the one that was meant
        raise max(failures, key=lambda failure: failure.line or 0)
    if len(fitting) > 1:
        names = ", ".join(benchmark.name for benchmark, _ in fitting)
        raise InputError(f"These answers fit several benchmarks ({names}); say which: --benchmark.")
    return fitting[0]


def choose_candidates(intake: Intake) -> list[Benchmark]:
    """Return the benchmark that was named, else all."""
    benchmarks = library.select_benchmarks(intake.db)
    named = intake.wishes.benchmark
    chosen = [one for one in benchmarks if named in (None, one.name)]
    if chosen:
        return chosen
    if named is None:
        raise InputError(
            f"These are {intake.document.format.name}, but there is no benchmark yet; "
            "import its items first."
        )
    raise InputError(f"There is no benchmark {named!r}. {list_names(benchmarks)}")


def place_rows(intake: Intake, benchmark: str, items: Items) -> list[Placed]:
    """Return every row of the file with its item of one benchmark."""
    predictions = intake.document.rows_of(PredictionRow)
    if predictions:
        return place_predictions(predictions, benchmark, items)
    return [place_answer(row, benchmark, items) for row in intake.document.rows_of(AnswerRow)]


def place_answer(row: AnswerRow, benchmark: str, items: Items) -> Placed:
    """Return an answer with the item that it names."""
    item_id = row.answer.item_id
    if item_id not in items:
        raise InputError(f"there is no item {shorten(item_id)} in {benchmark}.", row.line)
    return Placed(row.line, row.model, items[item_id][0], row.answer, row.name)


def place_predictions(rows: list[PredictionRow], benchmark: str, items: Items) -> list[Placed]:
    """Return predictions with their items: by order where that fits, else by their instruction.

    Edge: white space at the ends of instructions and inputs differs between the released files.
    """
    order = list(items.values())
    if len(rows) <= len(order) and all(map(matches, rows, (item for _, item in order))):
        return [place_prediction(row, *order[place]) for place, row in enumerate(rows)]
    return place_by_instruction(rows, benchmark, items)


def place_by_instruction(rows: list[PredictionRow], benchmark: str, items: Items) -> list[Placed]:
    """Return predictions with the one item each that has their instruction (and input)."""
    same: dict[str, list[tuple[int, Item]]] = defaultdict(list)
    for item_row, item in items.values():
        same[item.instruction.strip()].append((item_row, item))
    placed: dict[int, Placed] = {}
    for row in rows:
        fitting = [one for one in same[row.instruction.strip()] if matches(row, one[1])]
        if len(fitting) != 1:
            n_items = len(fitting) or "no"
            raise InputError(
                f"{n_items} items of {benchmark} have the instruction {shorten(row.instruction)}"
                f"{'' if row.input is None else ' with this input'}; exactly one should.",
                row.line,
            )
        item_row, item = fitting[0]
        if item_row in placed:
            before = placed[item_row].line
            raise InputError(f"line {before} answers item {item.item_id} already.", row.line)
        placed[item_row] = place_prediction(row, item_row, item)
    return list(placed.values())


def matches(row: PredictionRow, item: Item) -> bool:
    """Tell whether a prediction's instruction, and input where it has one, are those of an item."""
    if row.instruction.strip() != item.instruction.strip():
        return False
    return row.input is None or row.input.strip() == item.input.strip()


def place_prediction(row: PredictionRow, item_row: int, item: Item) -> Placed:
    """Return a prediction as an answer to an item."""
    return Placed(row.line, None, item_row, Answer(item.item_id, row.text))
