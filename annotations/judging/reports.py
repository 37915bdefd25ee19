"""How far judges can be trusted on a study's benchmark, as one table: a row a number."""

from collections.abc import Iterator
from typing import Any

from annotations.formats import Table
from annotations.judging.agreement import (
    Agreement,
    compare_judges,
    find_agreement,
    find_agreements,
)
from annotations.judging.biases import find_flips, find_length_bias, find_slot_bias
from annotations.judging.canaries import find_canaries
from annotations.judging.kappa import Agreed, Measure, Share
from annotations.judging.preferences import Evidence, Rater, read_evidence
from annotations.judging.records import read_choice
from annotations.statistics import wilson
from annotations.store import Store
from backend.records import CRITERIA, Study

COLUMNS = [
    "study", "benchmark", "judge", "protocol", "scores", "criterion", "system_a", "system_b",
    "measure", "between", "other_judge", "other_protocol", "ties", "value", "low", "high",
    "wilson_low", "wilson_high", "n", "n_items", "undefined",
]  # fmt: skip
NO_CASES = "undefined: no cases"

Row = dict[str, Any]  # some of COLUMNS


def read_agreement(store: Store, study: Study) -> Table:
    """Return every number about the judges of a study's benchmark.

    Agreement is with the votes of this study, for each criterion on all comparisons and, where
    there are several, on each; biases, agreement between judges and canaries are of the benchmark.
    Units: shares in [0, 1], kappa in [-1, 1]. Edge: a number that isn't there is None, and
    `undefined` says why; no judgments, no rows.
    """
    with store.snapshot():
        scores = read_choice(store)
        evidence = read_evidence(store, study.benchmark, scores, study.name)
    same = {"study": study.name, "benchmark": study.benchmark, "scores": scores}
    rows = (dict.fromkeys(COLUMNS) | same | row for row in list_numbers(evidence))
    return Table(COLUMNS, rows)


def list_numbers(evidence: Evidence) -> Iterator[Row]:
    """Yield the numbers of every judge, then those between judges, then the canaries."""
    for rater in evidence.raters:
        who = {"judge": rater.judge, "protocol": rater.protocol}
        for criterion in CRITERIA:
            apart = find_agreements(evidence, rater, criterion)
            whole = [find_agreement(evidence, rater, criterion)]
            for found in (*whole, *(apart if len(apart) > 1 else ())):
                yield from (who | row for row in list_agreement(found))
        yield from (who | row for row in list_biases(evidence, rater))
    yield from list_pairings(evidence)
    yield from list_canaries(evidence)


def list_agreement(found: Agreement) -> Iterator[Row]:
    """Yield the numbers of one criterion and comparison; no system is named for all of them."""
    comparison = found.comparison
    about = {
        "criterion": found.criterion,
        "system_a": comparison and comparison.a,
        "system_b": comparison and comparison.b,
        "n_items": found.n_items,
    }
    for between, agreed in (
        ("judge and votes", found.votes),
        ("judge and majorities", found.majorities),
        ("votes and votes", found.people),
    ):
        yield from (about | {"between": between} | row for row in list_agreed(agreed))


def list_agreed(agreed: Agreed) -> Iterator[Row]:
    """Yield raw agreement and kappa, with and without ties."""
    for name, ties, measure in (
        ("raw agreement", "with", agreed.raw),
        ("kappa", "with", agreed.kappa),
        ("raw agreement", "without", agreed.raw_decided),
        ("kappa", "without", agreed.kappa_decided),
    ):
        yield {"measure": name, "ties": ties, **tell_measure(measure)}


def tell_measure(measure: Measure) -> Row:
    """Return a number with its interval, or why there is none."""
    ends = measure.interval
    return {
        "value": measure.value,
        "low": ends and ends.low,
        "high": ends and ends.high,
        "n": measure.n,
        "undefined": measure.why or None,
    }


def list_biases(evidence: Evidence, rater: Rater) -> Iterator[Row]:
    """Yield what sways one judge."""
    flips, slots = find_flips(evidence, rater), find_slot_bias(evidence, rater)
    shares: list[tuple[str, str | None, Share]] = [
        ("opposite winner in the other order", None, flips.flipped),
        ("other verdict in the other order", None, flips.changed),
        ("first slot preferred, both orders asked", None, slots.first),
    ]
    for place, criterion in enumerate(CRITERIA):
        lengths = find_length_bias(evidence, rater, criterion)
        if place == 0:
            shares.append(("longer answer preferred", None, lengths.longer))
        shares.append(("longer answer preferred, pairs with votes", criterion, lengths.beside))
        shares.append(("longer answer preferred by people", criterion, lengths.people))
    for name, of, share in shares:
        yield {"measure": name, "criterion": of, **tell_share(share)}


def tell_share(share: Share) -> Row:
    """Return a share with both intervals, or that there is none."""
    ends, quick = share.interval, share.wilson
    return {
        "value": share.value,
        "low": ends and ends.low,
        "high": ends and ends.high,
        "wilson_low": quick and quick.low,
        "wilson_high": quick and quick.high,
        "n": share.n,
        "undefined": None if share.n else NO_CASES,
    }


def list_pairings(evidence: Evidence) -> Iterator[Row]:
    """Yield how far every two judges agree."""
    for one in compare_judges(evidence):
        about = {
            "judge": one.first.judge, "protocol": one.first.protocol, "between": "two judges",
            "other_judge": one.second.judge, "other_protocol": one.second.protocol,
            "n_items": one.n_items,
        }  # fmt: skip
        yield from (about | row for row in list_agreed(one.agreed))


def list_canaries(evidence: Evidence) -> Iterator[Row]:
    """Yield how often each canary did not lose: as `system_a`, against `system_b`."""
    for one in find_canaries(evidence):
        n_hits = one.wins + one.ties
        share = Share(n_hits, one.n, None, wilson(n_hits, one.n))
        yield {
            "judge": one.rater.judge, "protocol": one.rater.protocol, "system_a": one.name,
            "system_b": one.reference, "measure": "canary did not lose", **tell_share(share),
        }  # fmt: skip
