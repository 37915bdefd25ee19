"""Recipes as files: which there are, how one is filled in, and all that is wrong with one.

Those of the program lie beside this file, a person's own in the data folder; adding one adds a
file. Text comes in as YAML without aliases and values as typed fields, so that nothing a recipe
says is ever more than a value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import yaml

from backend.errors import InputError, NotFound
from training.filling import fill_recipe, list_settings, make_recipe
from training.orders import FOLDER
from training.recipe import Recipe
from training.strict import load_strict

__all__ = [
    "KnownRecipe",
    "dump_recipe",
    "fill_recipe",
    "list_recipes",
    "list_settings",
    "load_recipe",
    "open_recipe",
    "read_recipe",
]

Origin = Literal["built-in", "data folder"]

BUILTIN = Path(__file__).parent / "recipes"
RECIPES = "recipes"
SUFFIX = ".yaml"
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class KnownRecipe:
    """One place in the book of recipes. `recipe` is None exactly where there is a `fault`."""

    name: str
    recipe: Recipe | None
    origin: Origin
    fault: str = ""


def list_recipes(data: Path | None = None) -> list[KnownRecipe]:
    """Return all recipes by name: those of the data folder, and the built-in ones.

    Edge: one of the data folder stands in for the built-in one of its name, broken or not.
    """
    own = list(read_folder(data / FOLDER / RECIPES, "data folder")) if data else []
    taken = {known.name for known in own}
    builtin = (known for known in read_folder(BUILTIN, "built-in") if known.name not in taken)
    return sorted([*own, *builtin], key=lambda known: known.name)


def read_recipe(name: str, data: Path | None = None) -> Recipe:
    """Return the recipe of that name.

    Errors: NotFound that lists the nearest names; InputError when the recipe is broken.
    """
    folders = [data / FOLDER / RECIPES, BUILTIN] if data else [BUILTIN]
    paths = {path.stem: path for folder in reversed(folders) for path in list_paths(folder)}
    if name not in paths:
        near = ", ".join(get_close_matches(name, paths, n=5, cutoff=0.4) or sorted(paths))
        raise NotFound(f"There is no recipe {name[:80]!r}. There are, for instance: {near}.")
    try:
        return read_path(paths[name])
    except InputError as error:
        raise InputError(f"{RECIPES}/{paths[name].name}: {error}") from error


def list_paths(folder: Path) -> list[Path]:
    """Return the files of recipes in a folder, in the order of their names."""
    found = (path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))
    return sorted(path for path in found if path.is_file())  # a pipe would be waited for


def read_folder(folder: Path, origin: Origin) -> Iterator[KnownRecipe]:
    """Yield the recipes of a folder, one a file, in the order of their names."""
    for path in list_paths(folder):
        try:
            recipe = read_path(path)
        except InputError as error:
            name = path.stem if path.stem.isprintable() else ascii(path.stem)
            yield KnownRecipe(name, None, origin, f"{RECIPES}/{name}{SUFFIX}: {error}")
        else:
            yield KnownRecipe(recipe.name, recipe, origin)


def read_path(path: Path) -> Recipe:
    """Return the recipe in a file that is called as it is.

    Errors: InputError with all that is wrong in it.
    """
    recipe = open_recipe(path)
    if recipe.name != path.stem:
        raise InputError(f"the recipe is called {recipe.name}; rename the file to it.")
    return recipe


def open_recipe(path: Path) -> Recipe:
    """Return the recipe in a file of any name, as a job's own.

    Errors: InputError with all that is wrong in it.
    """
    try:
        if not path.is_file():
            raise InputError("it is not there, or no plain file.")
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path.stat().st_size:,} bytes are too many for a recipe.")
        text = path.read_text("utf-8")
    except OSError as error:
        raise InputError(f"it can't be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise InputError("it is not UTF-8 text.") from error
    return load_recipe(text)


def load_recipe(text: str) -> Recipe:
    """Return the recipe that a YAML text is.

    Errors: InputError with all that is wrong in it; aliases and repeated keys are refused.
    """
    if len(text) > MOST_BYTES:
        raise InputError(f"{len(text):,} characters are too many for a recipe.")
    try:
        told = load_strict(text)
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"this is no YAML that a recipe can be: {explain_yaml(error)}") from error
    if not isinstance(told, dict) or not all(isinstance(key, str) for key in told):
        raise InputError("a recipe has names and values, as in `epochs: 3`.")
    return make_recipe(told)


def dump_recipe(recipe: Recipe) -> str:
    """Return a recipe as YAML, with every field; `load_recipe` makes the same of it."""
    told = recipe.model_dump(mode="json")
    return str(yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=96))


def explain_yaml(error: Exception) -> str:
    """Return what is wrong with a YAML text, with its line where that is known."""
    mark = getattr(error, "problem_mark", None)
    where = f", line {mark.line + 1}" if mark else ""
    return f"{getattr(error, 'problem', None) or error}{where}."
