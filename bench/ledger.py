"""A large ledger: how long an import, the tallies, the exports and the next pair take.

Measured: --votes votes on one study, once as votes collected elsewhere (a CSV file through the real
import) and once as ballots of the app (rows written by SQL, three votes a ballot): import, tallies
with their intervals, every export as it is written by default, what the results page computes, and
the size of the database. Then, on studies of --pairs pairs, none, half and nearly all of them
taken: the claim of the next pair, a save, and the count of how far the study is.
The median is over --repeat runs, for claims and saves over --claims people, each a new one.

Beside it, in the same run: pandas, which reads our CSV and does the same tallies with the plainest
bootstrap (2,000 times all items, drawn one by one), and the ratio ours / pandas.

Limits: tallies and each CSV 3 s, the results page 2 s after its first time, the claim 50 ms (p95).

    python -m bench.ledger [--votes 100000] [--pairs 252 3000 33000] [--out FILE]
"""

import argparse
import csv
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from annotations.annotators import enrol_invited
from annotations.assignment import choose_side, save_ballot, take_next
from annotations.exports import EXPORTS
from annotations.imports import import_file
from annotations.statistics import N_RESAMPLES
from annotations.store import Store
from annotations.studies import count_progress
from annotations.tallies import tally_study
from backend.records import CHOICES, CRITERIA, WINNERS, Ballot, Study
from bench.ground import SYSTEMS, make_study
from bench.report import Row, describe_machine, make_parser, report, summarise
from ui.lab.findings import find_results
from ui.lab.results import fill_views

QUOTA = 21
LIMITS_MS = {
    "tallies with intervals": 3000,
    "export votes": 3000,
    "export votes-wide": 3000,
    "export tallies": 3000,
    "results page": 2000,
    "claim the next pair": 50,
}
SHARES = (0.0, 0.5, 0.99)
COLUMNS = ("item_id", "system_a", "system_b", "annotator", "criterion", "winner")


def clock(act: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def make_row(case: str, what: str, seconds: Sequence[float], **more: object) -> Row:
    """Return one row of the table, with the limit that it should keep."""
    found = summarise(seconds)
    found.pop("p99_ms")
    limit = {"limit_ms": LIMITS_MS[what]} if what in LIMITS_MS else {}
    return {"case": case, "what": what, "n": len(seconds), **found, **limit, **more}


def write_votes(path: Path, n_votes: int) -> Path:
    """Write votes collected elsewhere: three raters for each item, until there are enough."""
    chance = random.Random(2)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for place, (rater, item, name) in enumerate(
            product(range(3), range(n_votes // 9 + 1), CRITERIA)
        ):
            if place == n_votes:
                break
            who = f"rater-{rater * 1000 + item % 500}"
            writer.writerow((f"item-{item}", *SYSTEMS, who, name, chance.choice(WINNERS)))
    return path


def list_places(store: Store, study: Study) -> Iterator[tuple[int, int, int, int, str]]:
    """Return (pair, person, slot, number of the person's pair, left side), breadth first."""
    pairs = store.rows(
        "SELECT pair_id, side_hash FROM pair WHERE study_id = ? ORDER BY pair_id", (study.study_id,)
    )
    n_people = max(6, -(-len(pairs) * study.votes_per_pair // QUOTA))
    taken = [0] * n_people
    for slot in range(1, study.votes_per_pair + 1):
        for place, pair in enumerate(pairs):
            person = (place + (slot - 1) * (n_people // 3)) % n_people
            taken[person] += 1
            side = choose_side(pair["side_hash"], slot)
            yield pair["pair_id"], person + 1, slot, taken[person], side


def fill_places(store: Store, study: Study, share: float) -> None:
    """Let as many of the study's ballots be in, by SQL; what is there already stays."""
    places = list(list_places(store, study))
    people = {place[1] for place in places}
    with store.write() as db:
        db.executemany(
            """INSERT OR IGNORE INTO annotator(annotator_id, study_id, code, locale, quota,
                created_at) VALUES (?1, ?2, 'W' || ?1, 'en', ?3, 'now')""",
            [(person, study.study_id, QUOTA) for person in sorted(people)],
        )
        db.executemany(
            """INSERT OR IGNORE INTO assignment(pair_id, annotator_id, slot, seq, left_is, state,
                lease_token, leased_at, expires_at, finished_at)
            VALUES (?1, ?2, ?3, ?4, ?5, 'submitted', ?1 || ' ' || ?3, 1000.0, 2800.0, 1060.0)""",
            places[: round(share * len(places))],
        )


def add_ballots(store: Store) -> None:
    """Give every assignment that is answered a ballot with three votes."""
    chance = random.Random(3)
    with store.write() as db:
        db.execute(
            """INSERT INTO ballot(assignment_id, revision, comment, created_at)
            SELECT assignment_id, 0, '', 1060.0 FROM assignment WHERE state = 'submitted'"""
        )
        ballots = [row[0] for row in db.execute("SELECT ballot_id FROM ballot")]
        db.executemany(
            "INSERT INTO vote VALUES (?, ?, ?)",
            [(one, name, chance.choice(CHOICES)) for one in ballots for name in CRITERIA],
        )


def export(store: Store, study: Study, kind: str, path: Path) -> None:
    """Write one export to a file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        EXPORTS[kind].write(store, study, file)


def show_page(store: Store) -> None:
    """Compute what the results page shows."""
    fill_views(find_results(store, "bench"), "light")


def measure_reading(
    case: str, store: Store, folder: Path, study: Study, repeat: int
) -> Iterator[Row]:
    """Measure everything that reads the votes."""
    yield make_row(case, "results page, first", [clock(lambda: show_page(store))])
    acts: dict[str, Callable[[], object]] = {
        "results page": lambda: show_page(store),
        "tallies with intervals": lambda: tally_study(store, study),
        "progress": lambda: count_progress(store, study.study_id),
    }
    for kind in EXPORTS:
        path = folder / f"{kind}.out"
        acts[f"export {kind}"] = lambda kind=kind, path=path: export(store, study, kind, path)
    medians = {}
    for what, act in acts.items():
        row = make_row(case, what, [clock(act) for _ in range(repeat)])
        medians[what] = row["p50_ms"]
        yield row
    peer = [clock(lambda: tally_plainly(folder / "votes.out")) for _ in range(repeat)]
    row = make_row(case, "pandas: CSV to tallies", peer)
    yield row
    ratio = round(medians["tallies with intervals"] / row["p50_ms"], 3)
    yield {"case": case, "what": "ratio, tallies / pandas", "ratio": ratio}


def tally_plainly(path: Path) -> pd.DataFrame:
    """Return shares with intervals as a notebook would: pandas, and items drawn one by one."""
    votes = pd.read_csv(path, usecols=["system_a", "system_b", "criterion", "item_id", "winner"])
    rng = np.random.default_rng(1)
    rows = []
    for key, group in votes.groupby(["system_a", "system_b", "criterion"]):
        counts = pd.crosstab(group["item_id"], group["winner"]).to_numpy()
        sums = np.array(
            [
                counts[rng.integers(len(counts), size=len(counts))].sum(axis=0)
                for _ in range(N_RESAMPLES)
            ]
        )
        low, high = np.quantile(sums / sums.sum(axis=1, keepdims=True), (0.025, 0.975), axis=0)
        rows.append((*key, counts.sum(axis=0), low, high))
    return pd.DataFrame(rows)


def measure_outside(asked: argparse.Namespace) -> Iterator[Row]:
    """Measure a ledger of votes that were collected elsewhere."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store(folder / "data", purpose="bench") as store:
            study = make_study(store, folder, asked.votes // 9 + 1)
            path = write_votes(folder / "votes.csv", asked.votes)
            took = clock(lambda: import_file(store, path, study="bench", actor="bench"))
            yield make_row("elsewhere", "import", [took], votes=asked.votes)
            yield from measure_reading("elsewhere", store, folder, study, asked.repeat)
            yield measure_size("elsewhere", store)


def measure_ballots(asked: argparse.Namespace) -> Iterator[Row]:
    """Measure a ledger of ballots that were given here."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store(folder / "data", purpose="bench") as store:
            study = make_study(store, folder, asked.votes // 9 + 1)
            fill_places(store, study, 1.0)
            add_ballots(store)
            yield from measure_reading("app", store, folder, study, asked.repeat)
            yield measure_size("app", store)


def measure_size(case: str, store: Store) -> Row:
    """Return how large the database is, texts and indices among it."""
    with store.write() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    return {"case": case, "what": "database", "mb": round(pages * size / 1e6, 1)}


def measure_claims(n_pairs: int, n_claims: int) -> Iterator[Row]:
    """Measure the next pair and a save, for people who are new, as a study fills."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Store(folder / "data", purpose="bench") as store:
            study = make_study(store, folder, n_pairs, quota=QUOTA)
            for share in SHARES:
                fill_places(store, study, share)
                yield from measure_share(store, study, share, n_claims)


def measure_share(store: Store, study: Study, share: float, n_claims: int) -> Iterator[Row]:
    """Measure claims and saves at one moment of a study."""
    case = f"{count_progress(store, study.study_id).n_pairs:,} pairs, {share:.0%} taken"
    claims, saves, counts = [], [], []
    for number in range(n_claims):
        person = enrol_invited(store, study, f"N{share}{number}", "en")
        start = time.perf_counter()
        task = take_next(store, study, person).task
        claims.append(time.perf_counter() - start)
        if task is not None:
            ballot = Ballot(dict.fromkeys(CRITERIA, "tie"), "")
            saves.append(clock(lambda: save_ballot(store, person, task.ticket, ballot)))  # noqa: B023
        counts.append(clock(lambda: count_progress(store, study.study_id)))
    yield make_row(case, "claim the next pair", claims)
    yield make_row(case, "save a ballot", saves)
    yield make_row(case, "progress", counts)


def main(words: Sequence[str] | None = None) -> list[Row]:
    """Measure, and show the table."""
    parser = make_parser(__doc__)
    parser.add_argument("--votes", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, nargs="*", default=[252, 3000, 33_000])
    parser.add_argument("--claims", type=int, default=40)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args(words)
    machine = describe_machine()
    rows = [*measure_outside(asked), *measure_ballots(asked)]
    for n_pairs in asked.pairs:
        rows += measure_claims(n_pairs, asked.claims)
    report(asked, rows, machine)
    return rows


if __name__ == "__main__":
    main()
