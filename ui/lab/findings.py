"""What is known of one comparison of a study, and the published numbers that go with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from annotations.published import (
    BENCHMARK,
    Panel,
    Published,
    find_published,
    match_panel,
    read_published,
)
from annotations.store import Store
from annotations.studies import find_study, list_comparisons
from annotations.tallies import Coverage, Tally, tally_study
from backend.records import Comparison, Study

PANELS: tuple[Panel, ...] = ("a", "b")
Choice = Literal["a", "b", "none"]


@dataclass(frozen=True)
class Findings:
    """What is known of one comparison of a study, beside the published numbers chosen for it."""

    study: Study
    comparisons: tuple[Comparison, ...]
    place: int
    tallies: tuple[Tally, ...]
    panel: Choice
    published: tuple[Published, ...]

    @property
    def comparison(self) -> Comparison:
        """Return the two systems that are looked at."""
        return self.comparisons[self.place]

    @property
    def n(self) -> int:
        """Return the votes on all criteria together."""
        return sum(tally.n for tally in self.tallies)

    @property
    def same_systems(self) -> bool:
        """Say whether the published numbers are about these two systems on this benchmark."""
        return self.panel == match_panel(self.comparison, self.study.benchmark)


def choose_study(studies: Sequence[Study], asked: str | None) -> str | None:
    """Return the study that was asked for, else the newest that has opened, else the newest."""
    names = [study.name for study in studies]
    if asked in names or not names:
        return asked if asked in names else None
    begun = [study.name for study in studies if study.status != "draft"]
    return (begun or names)[-1]


def find_results(store: Store, name: str, place: int = 0, panel: str | None = None) -> Findings:
    """Return how a comparison of a study stands.

    Edge: a place that there isn't is the first; no panel is the one about these systems, if any.
    Errors: NotFound for an unknown study.
    """
    with store.snapshot():
        study = find_study(store, name)
        comparisons = tuple(list_comparisons(store, study.study_id))
        tallies = tally_study(store, study)
    place = place if 0 <= place < len(comparisons) else 0
    comparison = comparisons[place]
    chosen = choose_panel(comparison, panel, study.benchmark)
    return Findings(
        study,
        comparisons,
        place,
        tuple(tally for tally in tallies if tally.comparison == comparison),
        chosen,
        tuple(read_panel(comparison, chosen, study.benchmark)),
    )


def choose_panel(comparison: Comparison, asked: str | None, benchmark: str = BENCHMARK) -> Choice:
    """Return the published panel that was asked for, else the one about these two systems."""
    if asked in (*PANELS, "none"):
        return cast(Choice, asked)
    return match_panel(comparison, benchmark) or "none"


def read_panel(
    comparison: Comparison, panel: Choice, benchmark: str = BENCHMARK
) -> list[Published]:
    """Return published numbers; those about these systems come under their names and in order."""
    if panel == "none":
        return []
    if panel == match_panel(comparison, benchmark):
        return find_published(comparison, benchmark)
    return read_published(panel)


def name_comparison(comparison: Comparison) -> str:
    """Return both names."""
    return f"{comparison.a} and {comparison.b}"


def name_panel(panel: Panel) -> str:
    """Return what a published panel is called."""
    return f"Figure 3 ({panel}): {name_comparison(read_published(panel)[0].comparison)}"


def pose_as_tallies(published: Sequence[Published]) -> list[Tally]:
    """Return published numbers in the shape that pies are drawn from."""
    return [Tally(one.comparison, one.criterion, one.outcomes, Coverage()) for one in published]
