"""The shelf of model cards: built in, in the data folder, and beside checkpoints.

It is read afresh each time, so that a card added in the terminal is there in the running app.
A card that can't be read is on the shelf with its fault, and takes no other down.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from secrets import token_hex
from typing import Literal

from pydantic import ValidationError

from backend.errors import Conflict, InputError, NotFound, Refused
from backend.registry.cards import CARD, NAME, Card, Common, LocalCard

Origin = Literal["built-in", "data folder", "checkpoint"]

BUILTIN = Path(__file__).parent / "builtin"
MODELS = "models"
CHECKPOINTS = "checkpoints"
CHECKPOINT_CARD = "model.json"
MOST_BYTES = 1_000_000

# What a checkpoint's model.json can say about serving; everything else there is a training fact.
SERVING = frozenset(LocalCard.model_fields) - {"kind", "path", "repo", "revision"}


@dataclass(frozen=True, slots=True)
class Known:
    """One place on the shelf. `card` is None exactly where there is a `fault`.

    `facts` is what a checkpoint's model.json says about its training; no worker is told of it.
    """

    name: str
    card: Card | None
    origin: Origin
    fault: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


def list_cards(data: Path) -> list[Known]:
    """Return all cards: those of the data folder, of checkpoints, and the built-in ones.

    Edge: a card of the data folder stands in for the built-in one of its name, broken or not, and
    a checkpoint for a built-in one that nobody has weights for, as it is what was to be trained; a
    checkpoint that takes any other's name is listed with that as its fault.
    """
    own = list(read_folder(data / MODELS, "data folder"))
    taken = {known.name for known in own}
    builtin = [known for known in read_folder(BUILTIN, "built-in") if known.name not in taken]
    firm = {known.name: known.origin for known in (*builtin, *own) if not is_vacant(known)}
    checkpoints = list(read_checkpoints(data / CHECKPOINTS, firm))
    made = {known.name for known in checkpoints if known.card}
    return [*own, *checkpoints, *(known for known in builtin if known.name not in made)]


def is_vacant(known: Known) -> bool:
    """Return whether a built-in card waits for weights that have to be trained or brought."""
    card = known.card
    return (
        known.origin == "built-in" and isinstance(card, LocalCard) and not (card.path or card.repo)
    )


def find_card(data: Path, name: str) -> Card:
    """Return the card of that name.

    Errors: NotFound that lists the nearest names; InputError when the card is broken.
    """
    known = find_known(data, name)
    if known.card is None:
        raise InputError(known.fault)
    return known.card


def find_known(data: Path, name: str) -> Known:
    """Return the place of that name on the shelf; of two, the one without a fault.

    Errors: NotFound that lists the nearest names.
    """
    shelf = list_cards(data)
    fitting = sorted((known for known in shelf if known.name == name), key=lambda one: one.fault)
    if fitting:
        return fitting[0]
    names = [known.name for known in shelf if known.card]
    near = get_close_matches(name, names, n=5, cutoff=0.4) or names
    raise NotFound(f"There is no model {name[:80]!r}. There are, for instance: {', '.join(near)}.")


def add_card(data: Path, card: Card) -> Path:
    """Write a card into the data folder, whole or not at all; one of its name is replaced.

    Errors: Conflict when a checkpoint has that name; InputError when it can't be written.
    """
    path = locate_card(data, card.name)
    if any(known.name == card.name and known.origin == "checkpoint" for known in list_cards(data)):
        raise Conflict(f"A checkpoint is called {card.name}; give this card another name.")
    told = card.model_dump(mode="json", exclude_defaults=True) | {"kind": card.kind}
    write_text(path, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return path


def remove_card(data: Path, name: str) -> Known:
    """Take a card out of the data folder and return what it was; weights stay where they are.

    Errors: NotFound; Refused for a built-in card, and for a checkpoint, which is its own card.
    """
    known = find_known(data, name)
    if known.origin == "built-in":
        raise Refused(f"{name} is built in and can't be removed.")
    if known.origin == "checkpoint":
        raise Refused(f"{name} is a checkpoint: it is listed as long as its folder is there.")
    locate_card(data, name).unlink(missing_ok=True)
    return known


def locate_card(data: Path, name: str) -> Path:
    """Return where a card of the data folder is.

    Errors: InputError for a name that is none, so that no path leaves the folder.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} can't be a model's name. Use letters, digits, dots, dashes and "
            "underscores, 64 at most, with a letter or a digit first."
        )
    return data / MODELS / f"{name}.json"


def write_text(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all.

    Errors: InputError when it can't be written.
    """
    partial = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}).") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def read_folder(folder: Path, origin: Origin) -> Iterator[Known]:
    """Yield the cards of a folder, one a file, in the order of their names."""
    for path in sorted(folder.glob("*.json")):
        if path.name.startswith("."):
            continue
        try:
            card = CARD.validate_json(read_bytes(path))
            check_name(card, path)
        except (InputError, ValidationError) as error:
            yield Known(path.stem, None, origin, f"{MODELS}/{path.name}: {explain(error)}")
        else:
            yield Known(card.name, card, origin)


def check_name(card: Common, path: Path) -> None:
    """Hold a card's file to the card's name, so that each name is there once."""
    if card.name != path.stem:
        raise InputError(f"the card is called {card.name}; rename the file to {card.name}.json.")


def read_checkpoints(folder: Path, taken: Mapping[str, Origin]) -> Iterator[Known]:
    """Yield a card for each checkpoint folder that holds a model.json."""
    seen: dict[str, str] = dict(taken)
    for path in sorted(folder.glob(f"*/{CHECKPOINT_CARD}")):
        home = path.parent.name
        if home.startswith("."):
            continue
        where = f"{CHECKPOINTS}/{home}/{CHECKPOINT_CARD}"
        try:
            card, facts = read_checkpoint(path)
        except (InputError, ValidationError) as error:
            yield Known(home, None, "checkpoint", f"{where}: {explain(error)}")
            continue
        if card.name in seen:
            fault = f"{where}: the name {card.name} is taken ({seen[card.name]}); choose another."
            yield Known(card.name, None, "checkpoint", fault, facts)
            continue
        seen[card.name] = f"checkpoint {home}"
        yield Known(card.name, card, "checkpoint", "", facts)


def read_checkpoint(path: Path) -> tuple[LocalCard, dict[str, object]]:
    """Return a checkpoint's card and its training facts; its weights are the folder itself."""
    try:
        told = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise InputError("this is no JSON.") from error
    if not isinstance(told, dict):
        raise InputError("a JSON object is needed, with `name` and `template`.")
    if told.get("kind", "local") != "local":
        raise InputError(f"a checkpoint is local, not {told['kind']!r}.")
    serving = {key: value for key, value in told.items() if key in SERVING}
    serving["path"] = f"{CHECKPOINTS}/{path.parent.name}"
    facts = {key: value for key, value in told.items() if key not in SERVING and key != "kind"}
    return LocalCard.model_validate(serving), facts


def read_bytes(path: Path) -> bytes:
    """Return what a card's file holds.

    Errors: InputError when it is no file, too large, or can't be read.
    """
    try:
        if not path.is_file():
            raise InputError("this is no file.")
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path.stat().st_size:,} bytes are too many for a card.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"it can't be read ({error.strerror}).") from error


def explain(error: Exception) -> str:
    """Return what is wrong with a card, each fault with its field and value."""
    if not isinstance(error, ValidationError):
        return str(error)
    faults = []
    for fault in error.errors(include_url=False):
        where = ".".join(str(part) for part in fault["loc"])
        value = "" if fault["type"] in ("missing", "json_invalid") else f" {fault['input']!r:.80}"
        faults.append(f"{where}{value}: {fault['msg']}".lstrip(": "))
    return "; ".join(faults) + "."
