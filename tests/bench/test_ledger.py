"""The ledger's bench, on 500 votes."""

import json

import pytest

from annotations.store import Store
from bench import ledger
from bench.ground import make_study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "ledger.json"
    words = ["--votes", "500", "--pairs", "24", "--claims", "2", "--repeat", "1"]
    ledger.main([*words, "--out", str(path)])
    return json.loads(path.read_text("utf-8"))["rows"]


@pytest.mark.parametrize("case", ["elsewhere", "app"])
def test_both_kinds_of_votes_are_measured(found, case):
    measured = {row["what"] for row in found if row["case"] == case}
    exports = {f"export {kind}" for kind in ledger.EXPORTS}
    assert exports | {"tallies with intervals", "results page", "database"} <= measured
    assert {"pandas: CSV to tallies", "ratio, tallies / pandas"} <= measured


@pytest.mark.parametrize("share", ["0%", "50%", "99%"])
def test_the_next_pair_is_measured_as_a_study_fills(found, share):
    rows = [row for row in found if row["case"] == f"24 pairs, {share} taken"]
    assert {row["what"] for row in rows} == {"claim the next pair", "save a ballot", "progress"}
    assert all({"n", "p50_ms", "p95_ms"} <= set(row) for row in rows)


def test_every_limit_belongs_to_something_that_is_measured(found):
    assert set(ledger.LIMITS_MS) <= {row["what"] for row in found if "limit_ms" in row}


@pytest.fixture
def filled(tmp_path):
    with Store(tmp_path / "data", purpose="test") as store:
        study = make_study(store, tmp_path, 20)
        ledger.fill_places(store, study, 0.5)
        ledger.fill_places(store, study, 0.9)
        ledger.add_ballots(store)
        yield store, study


def test_ballots_written_by_sql_keep_the_rules_of_the_ledger(filled):
    store, study = filled
    done = ledger.count_progress(store, study.study_id)
    assert (done.n_saved, done.n_wanted) == (54, 60)
    assert len(store.rows("SELECT * FROM vote")) == 3 * 54


def test_pandas_counts_the_same_votes(filled, tmp_path):
    store, study = filled
    ledger.export(store, study, "votes", tmp_path / "votes.csv")
    plain = ledger.tally_plainly(tmp_path / "votes.csv")
    theirs = {row[2]: sorted(row[3]) for row in plain.itertuples(index=False)}
    ours = {
        tally.criterion: sorted(outcome.n for outcome in tally.outcomes)
        for tally in ledger.tally_study(store, study)
    }
    assert theirs == ours
