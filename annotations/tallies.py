"""Tallies: how the votes of a study fell, with the uncertainty that belongs to each number.

Only here are votes counted. A vote counts in its latest revision; votes beyond the wanted number
are kept but left out; votes collected elsewhere are counted in, and every tally says how many.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from annotations.statistics import (
    Counts,
    Interval,
    bootstrap_shares,
    holm,
    make_rng,
    sign_test,
    wilson,
)
from annotations.store import Row, Store
from annotations.studies import list_comparisons
from backend.records import CRITERIA, WINNERS, Comparison, Study, VoteCount, Winner

# One row: how the votes on one item of one comparison fell for one criterion.
SELECT_VOTES = """
    WITH counted AS (
        SELECT p.comparison_id, p.item_id, v.criterion, v.winner
        FROM vote_current v CROSS JOIN pair p USING(pair_id)
        WHERE p.study_id = :study AND v.surplus = 0 AND v.annotator_id NOT IN (
            SELECT annotator_id FROM annotator
            WHERE study_id = :study AND code IN (SELECT value FROM json_each(:left_out)))
        UNION ALL
        SELECT o.comparison_id, o.item_id, o.criterion, o.winner
        FROM outside_vote o JOIN comparison USING(comparison_id)
        WHERE study_id = :study AND :outside
            AND o.annotator NOT IN (SELECT value FROM json_each(:left_out))),
    summed AS (
        SELECT comparison_id, item_id, criterion, sum(winner = 'a') AS a,
            sum(winner = 'tie') AS tie, sum(winner = 'b') AS b
        FROM counted GROUP BY comparison_id, item_id, criterion)
    SELECT i.ext_id, x.name AS system_a, y.name AS system_b, s.criterion, s.a, s.tie, s.b
    FROM summed s JOIN item i USING(item_id) JOIN comparison c USING(comparison_id)
    JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
    ORDER BY c.ord, i.ord, s.criterion"""

# One row: who and what stands behind the votes on one comparison and criterion.
SELECT_COVERAGE = """
    WITH behind AS (
        SELECT p.comparison_id, v.criterion, v.surplus = 0 AS wanted, v.surplus, 0 AS outside,
            CASE WHEN v.surplus = 0 THEN 'app ' || v.annotator_id END AS who
        FROM vote_current v CROSS JOIN pair p USING(pair_id) WHERE p.study_id = :study
        UNION ALL
        SELECT o.comparison_id, o.criterion, 0, 0, 1, 'elsewhere ' || o.annotator
        FROM outside_vote o JOIN comparison USING(comparison_id) WHERE study_id = :study)
    SELECT x.name AS system_a, y.name AS system_b, b.criterion, count(DISTINCT who) AS n_annotators,
        sum(outside) AS n_outside, sum(surplus) AS n_surplus, sum(wanted) AS n_wanted
    FROM behind b JOIN comparison c USING(comparison_id)
    JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
    GROUP BY b.comparison_id, b.criterion"""

# One row: how many votes were asked for on one comparison, for each criterion.
SELECT_TARGETS = """
    SELECT x.name AS system_a, y.name AS system_b, coalesce(sum(p.target_k), 0) AS target
    FROM comparison c LEFT JOIN pair p USING(comparison_id)
    JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
    WHERE c.study_id = :study GROUP BY c.comparison_id"""

Key = tuple[Comparison, str]  # a comparison and a criterion


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often one outcome was chosen. Units: the share and both intervals lie in [0, 1].

    `system` is the name of who won, or "tie". `interval` resamples items; `wilson` takes votes as
    independent. None where there is nothing to say it from.
    """

    winner: Winner
    system: str
    n: int
    share: float | None = None
    interval: Interval | None = None
    wilson: Interval | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who stands behind the votes on one comparison and criterion.

    `n_outside` of the votes were collected elsewhere; `n_surplus` more were left out of the tally;
    `n_missing` are wanted from this app and not there yet.
    """

    n_annotators: int = 0
    n_outside: int = 0
    n_surplus: int = 0
    n_missing: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """How one comparison stands on one criterion; `outcomes` are in the order a, b, tie.

    An item goes to the side with more votes on it; `items` counts them in the same order. `net` is
    the share of a less the share of b. Without votes, `net` and all below are None.
    """

    comparison: Comparison
    criterion: str
    outcomes: tuple[Outcome, ...]
    coverage: Coverage
    items: tuple[int, int, int] = (0, 0, 0)
    net: float | None = None
    net_interval: Interval | None = None
    win_rate: float | None = None
    sign_p: float | None = None
    sign_p_holm: float | None = None

    @property
    def n(self) -> int:
        """Return how many votes were counted."""
        return sum(outcome.n for outcome in self.outcomes)

    @property
    def n_items(self) -> int:
        """Return how many items have at least one vote."""
        return sum(self.items)

    @property
    def n_a(self) -> int:
        """Return the votes for the first system."""
        return self.outcomes[0].n

    @property
    def n_b(self) -> int:
        """Return the votes for the second system."""
        return self.outcomes[1].n

    @property
    def n_tie(self) -> int:
        """Return the votes for neither."""
        return self.outcomes[2].n


def read_comparison(row: Row) -> Comparison:
    """Return the comparison that a row names."""
    return Comparison(row["system_a"], row["system_b"])


def count_votes(
    store: Store, study_id: int, *, left_out: Iterable[str] = (), outside: bool = True
) -> list[VoteCount]:
    """Return how the votes fell on every item that has any, by comparison, item and criterion.

    `left_out` are codes of people whose votes don't count; `outside` says whether those collected
    elsewhere do.
    """
    chosen = {"study": study_id, "left_out": json.dumps(list(left_out)), "outside": outside}
    return [
        VoteCount(
            row["ext_id"], read_comparison(row), row["criterion"], row["a"], row["tie"], row["b"]
        )
        for row in store.rows(SELECT_VOTES, chosen)
    ]


def count_coverage(store: Store, study_id: int) -> dict[Key, Coverage]:
    """Return who stands behind the votes of every comparison and criterion of a study."""
    key = {"study": study_id}
    behind = {
        (read_comparison(row), row["criterion"]): row for row in store.rows(SELECT_COVERAGE, key)
    }
    found = {}
    for target in store.rows(SELECT_TARGETS, key):
        comparison = read_comparison(target)
        for criterion in CRITERIA:
            row = behind.get((comparison, criterion))
            found[comparison, criterion] = read_coverage(row, target["target"])
    return found


def read_coverage(row: Row | None, target: int) -> Coverage:
    """Return the coverage that a row of SELECT_COVERAGE tells; no row means no votes."""
    if row is None:
        return Coverage(n_missing=target)
    n_missing = max(0, target - row["n_wanted"])
    return Coverage(row["n_annotators"], row["n_outside"], row["n_surplus"], n_missing)


def tally_study(store: Store, study: Study) -> list[Tally]:
    """Return every comparison x criterion of a study as it stands now, with and without votes."""
    with store.snapshot():
        return tally(
            count_votes(store, study.study_id),
            list_comparisons(store, study.study_id),
            study.seed,
            count_coverage(store, study.study_id),
        )


def tally(
    counts: Iterable[VoteCount],
    comparisons: Sequence[Comparison],
    seed: str,
    coverage: Mapping[Key, Coverage] | None = None,
) -> list[Tally]:
    """Return one tally for each comparison and criterion, in their order.

    The same counts and seed give the same intervals, in whatever order the counts come.
    """
    patterns: dict[Key, list[tuple[int, int, int]]] = defaultdict(list)
    for count in counts:
        if count.a + count.b + count.tie:
            key = (count.comparison, count.criterion)
            patterns[key].append((count.a, count.b, count.tie))
    tallies = []
    for comparison in comparisons:
        family = [
            tally_one(
                (comparison, criterion),
                np.array(patterns[comparison, criterion], dtype=np.int64).reshape(-1, 3),
                seed,
                (coverage or {}).get((comparison, criterion), Coverage()),
            )
            for criterion in CRITERIA
        ]
        tallies += adjust_tests(family)
    return tallies


def tally_one(key: Key, counts: Counts, seed: str, coverage: Coverage) -> Tally:
    """Return the tally of one comparison and criterion, its test not yet adjusted.

    Shapes: counts (items, 3), columns a, b, tie, no empty row.
    """
    comparison, criterion = key
    n_a, n_b, n_tie = (int(n) for n in counts.sum(axis=0))
    names = (comparison.a, comparison.b, "tie")
    n = n_a + n_b + n_tie
    if n == 0:
        nothing = tuple(Outcome(*pair, 0) for pair in zip(WINNERS, names, strict=True))
        return Tally(comparison, criterion, nothing, coverage)
    rng = make_rng(seed, comparison.a, comparison.b, criterion)
    *shares, net = bootstrap_shares(counts, rng)
    outcomes = tuple(
        Outcome(winner, name, votes, votes / n, interval, wilson(votes, n))
        for winner, name, votes, interval in zip(
            WINNERS, names, (n_a, n_b, n_tie), shares, strict=True
        )
    )
    items = count_majorities(counts)
    return Tally(
        comparison,
        criterion,
        outcomes,
        coverage,
        items,
        net=(n_a - n_b) / n,
        net_interval=net,
        win_rate=(n_a + n_tie / 2) / n,
        sign_p=sign_test(items[0], items[1]),
    )


def count_majorities(counts: Counts) -> tuple[int, int, int]:
    """Return how many items went to a, to b and to neither; a tied vote takes no side."""
    lead = counts[:, 0] - counts[:, 1]
    return int((lead > 0).sum()), int((lead < 0).sum()), int((lead == 0).sum())


def adjust_tests(family: list[Tally]) -> list[Tally]:
    """Return the tallies of one comparison, their tests adjusted for being several."""
    tested = [one.sign_p for one in family if one.sign_p is not None]
    adjusted = iter(holm(tested))
    return [
        one if one.sign_p is None else replace(one, sign_p_holm=next(adjusted)) for one in family
    ]
