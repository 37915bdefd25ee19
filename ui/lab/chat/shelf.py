"""A shelf of prompts: the items of the loaded benchmarks, to put into the prompt box."""

from annotations.library import list_benchmarks, list_items
from annotations.store import Store
from backend.errors import NotFound

MOST = 2000  # items in the list; a benchmark that is larger is looked up by its id elsewhere
HEAD = 90  # characters of an instruction in the list


def list_shelves(store: Store) -> list[str]:
    """Return the names of the benchmarks that have items."""
    return [one.name for one in list_benchmarks(store) if one.n_items]


def list_prompts(store: Store, benchmark: str) -> list[tuple[str, str]]:
    """Return (what the list says, item id) of a benchmark's items."""
    return [
        (f"{item.item_id}: {shorten(item.instruction)}", item.item_id)
        for item in list_items(store, benchmark)[:MOST]
    ]


def find_prompt(store: Store, benchmark: str, item_id: str) -> str:
    """Return an item as one text, its input under its instruction.

    Errors: NotFound.
    """
    for item in list_items(store, benchmark):
        if item.item_id == item_id:
            return f"{item.instruction}\n\n{item.input}" if item.input else item.instruction
    raise NotFound(f"{benchmark} has no item {item_id!r}.")


def shorten(text: str) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= HEAD else f"{line[: HEAD - 1].rstrip()}…"
