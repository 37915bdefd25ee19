"""Settings on top of a recipe: names and values in, a recipe or all of its faults out."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from backend.errors import InputError
from training.checks import check_recipe
from training.recipe import Lora, Recipe, Tiny

MOST_SETTINGS = 200
PARTS: Mapping[str, type[BaseModel]] = MappingProxyType({"lora": Lora, "tiny": Tiny})
RULES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "it is missing",
        "greater_than": "it has to be more than {gt:g}",
        "greater_than_equal": "it has to be at least {ge:g}",
        "less_than": "it has to be less than {lt:g}",
        "less_than_equal": "it can be {le:g} at most",
        "float_parsing": "it has to be a number",
        "float_type": "it has to be a number",
        "finite_number": "it has to be a number with an end",
        "int_parsing": "it has to be a whole number",
        "int_type": "it has to be a whole number",
        "int_from_float": "it has to be a whole number",
        "bool_parsing": "it has to be true or false",
        "bool_type": "it has to be true or false",
        "literal_error": "it can be {expected}",
    }
)
WORDS = frozenset({"name", "title", "note", "kind", "source", "why"})  # what makes it this recipe


def fill_recipe(recipe: Recipe, settings: Mapping[str, object] | Sequence[str]) -> Recipe:
    """Return a recipe with settings on top, by name, or as words like `lora.rank=8`.

    Edge: a part is switched off with `lora=none` and on with `lora=default`, or by a field in it.
    Errors: InputError that names every fault of every setting at once.
    """
    faults: list[str] = []
    given = settings if isinstance(settings, Mapping) else split_words(settings, faults)
    if len(given) > MOST_SETTINGS:
        raise InputError(f"{len(given):,} settings are too many; {MOST_SETTINGS} can be taken.")
    told = recipe.model_dump()
    for key, value in flatten(given):
        put_setting(told, key, value, faults)
    return make_recipe(told, faults)


def split_settings(words: Sequence[str]) -> dict[str, object]:
    """Return `key=value` words as settings. Errors: InputError that names all that are none."""
    faults: list[str] = []
    given = split_words(words, faults)
    if faults:
        raise InputError(f"These settings can't be used: {'; '.join(faults)}.")
    return given


def fit_shape(recipe: Recipe, shapes: Sequence[str]) -> Recipe:
    """Return a recipe that reads the shape which its data has.

    Errors: InputError when files have different shapes, or one that this kind can't learn from.
    """
    found = sorted(set(shapes))
    if len(found) > 1:
        raise InputError(f"The files have different shapes: {', '.join(found)}. Take one of them.")
    if not found or found[0] == recipe.shape:
        return recipe
    return make_recipe({**recipe.model_dump(), "shape": found[0]})


def split_words(words: Sequence[str], faults: list[str]) -> dict[str, object]:
    """Return `key=value` words as settings; what is none becomes a fault."""
    given: dict[str, object] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign:
            faults.append(f"{word[:80]!r} is no setting; it looks like epochs=3")
        elif key in given:
            faults.append(f"{ascii(key[:80])[1:-1]} is set twice")
        else:
            given[key] = value
    return given


def flatten(given: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield settings by dotted name; a mapping for a part is as good as names with dots."""
    for key, value in given.items():
        if key in PARTS and isinstance(value, Mapping):
            yield key, "default"
            yield from ((f"{key}.{inner}", deep) for inner, deep in value.items())
        else:
            yield key, value


def put_setting(told: dict[str, Any], key: str, value: object, faults: list[str]) -> None:
    """Put one setting where it belongs; an unknown name becomes a fault."""
    part, dot, inner = key.partition(".")
    if dot and part in PARTS and inner in PARTS[part].model_fields:
        told[part] = {**(told[part] or {}), inner: value}
    elif key in PARTS and value in ("none", None):
        told[key] = None
    elif key in PARTS and value == "default":
        told[key] = told[key] or {}
    elif key in PARTS:
        faults.append(f"{key} is {shorten(value)}; it can be none or default")
    elif key in Recipe.model_fields and key not in WORDS:
        told[key] = value
    else:
        faults.append(explain_name(key))


def list_settings() -> list[str]:
    """Return the name of everything in a recipe that can be set, parts with a dot."""
    names = [name for name in Recipe.model_fields if name not in WORDS]
    return names + [f"{part}.{name}" for part in PARTS for name in PARTS[part].model_fields]


def explain_name(key: str) -> str:
    """Return why a setting of that name can't be, and which one may be meant."""
    if key in WORDS:
        return f"{key} belongs to the recipe and can't be set"
    near = get_close_matches(key, list_settings(), n=1)
    return f"there is no setting {key[:80]!r}" + (f"; is {near[0]} meant?" if near else "")


def make_recipe(told: Mapping[str, object], faults: Sequence[str] = ()) -> Recipe:
    """Return what was told as a recipe.

    Errors: InputError with the faults that were known and all that are found.
    """
    recipe = None
    try:
        recipe = Recipe.model_validate(told)
    except ValidationError as error:
        faults = [*faults, *explain_faults(error)]
    else:
        faults = [*faults, *check_recipe(recipe)]
    if faults or recipe is None:
        raise InputError(f"This recipe can't be used: {'; '.join(faults)}.")
    return recipe


def explain_faults(error: ValidationError) -> Iterator[str]:
    """Yield each fault of a recipe's fields with its name and value."""
    for fault in error.errors(include_url=False):
        where = ".".join(str(part) for part in fault["loc"])
        value = "" if fault["type"] == "missing" else f" is {shorten(fault['input'])}"
        yield f"{ascii(where[:80])[1:-1]}{value} ({say_fault(fault)})"


def say_fault(fault: ErrorDetails) -> str:
    """Return what a value has to be."""
    words = RULES.get(fault["type"])
    return words.format(**fault.get("ctx", {})) if words else fault["msg"]


def shorten(value: object) -> str:
    """Return a value as one printable line, cut where it is long."""
    try:
        text = repr(value) if isinstance(value, str) else ascii(value)  # as it was typed
    except ValueError:  # a whole number of thousands of digits
        return "a number without end"
    return text if len(text) <= 60 else f"{text[:60]}…"
