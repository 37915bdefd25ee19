"""`--systems X Y`: an option that takes several words, which Typer's own can't."""

from collections.abc import Sequence
from typing import Any, ClassVar

from typer.core import TyperCommand


class ListCommand(TyperCommand):
    """A command whose `--systems` takes every word up to the next option."""

    lists: ClassVar[tuple[str, ...]] = ("--systems",)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - see app.Program
        """Parse the words after the verb."""
        for option in self.lists:
            args = repeat_option(args, option)
        return super().parse_args(ctx, args)


class AgainstCommand(ListCommand):
    """A command whose `--against` takes several words too."""

    lists = ("--systems", "--against")


def repeat_option(words: Sequence[str], option: str) -> list[str]:
    """Return the words with `--x A B` written as `--x A --x B`.

    Edge: `--` ends the options, as everywhere.
    """
    told: list[str] = []
    inside, n_values = False, 0
    for place, word in enumerate(words):
        if word == "--":
            return [*told, *words[place:]]
        if word.startswith("-"):
            inside, n_values = word == option or word.startswith(f"{option}="), 0
            n_values = int(inside and word != option)
        elif inside:
            told.extend([option] if n_values else [])
            n_values += 1
        told.append(word)
    return told


def split_systems(words: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the systems that were named, one by one or with commas between them.

    Edge: a name that holds a comma is one system, if there is a system of that name.
    """
    systems: list[str] = []
    for word in words:
        parts = [word] if word in known else word.split(",")
        systems.extend(part.strip() for part in parts if part.strip())
    return tuple(systems)
