import hashlib
import json

import pytest

from annotations.manifests import hash_pairs, make_manifest, write_manifest
from annotations.studies import Plan, create_study
from backend.errors import InputError
from backend.records import CRITERIA
from tests.ledgers import add_ballot, add_outside, make_study


def test_a_manifest_proves_files_and_counts(store, study, tmp_path):
    add_ballot(store, ["left", "tie", "right"])
    add_ballot(store, ["left"] * 3, who="LATE", slot=2, surplus=1)
    add_outside(store, "helpful", ["b"])
    path = tmp_path / "votes.csv"
    path.write_text("a,b\n")
    told = make_manifest(store, study, [path], "camelid export votes")
    digest = hashlib.sha256(b"a,b\n").hexdigest()
    assert told["files"] == [{"name": "votes.csv", "bytes": 4, "sha256": digest}]
    first = told["counts"][0]
    assert (first["n"], first["a"], first["b"], first["tie"]) == (2, 1, 1, 0)
    assert (first["from_elsewhere"], first["surplus_left_out"]) == (1, 1)
    assert [one["criterion"] for one in told["counts"]] == list(CRITERIA)


def test_a_manifest_names_what_was_frozen_and_with_what_it_was_made(store, study, tmp_path):
    told = make_manifest(store, study, [], "camelid figures 3")
    assert told["study"]["seed"] == study.seed == told["intervals"]["seed"]
    assert told["study"]["wording_sha256"] == study.wording_sha256
    assert told["made_at"].endswith("+00:00")
    assert {"camelid", "python", "sqlite", "numpy", "plotly"} <= told["versions"].keys()
    assert "/" not in json.dumps(told["files"])


def test_the_hash_of_pairs_is_that_of_what_is_shown(store, tmp_path):
    study = make_study(store, seed="1")
    before = hash_pairs(store, study)
    add_ballot(store, ["left"] * 3)
    assert hash_pairs(store, study) == before
    same = create_study(store, Plan("again", "tiny", study.systems, seed="1"), "no", "t")
    other = create_study(store, Plan("other", "tiny", study.systems, seed="2"), "no", "t")
    assert hash_pairs(store, same) == before
    assert hash_pairs(store, other) != before


def test_a_manifest_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.manifest.json"
    write_manifest(path, {"name": "é"})
    assert json.loads(path.read_text()) == {"name": "é"}
    with pytest.raises(InputError, match="can't be written"):
        write_manifest(tmp_path / "none" / "x.json", {})
    assert list(tmp_path.iterdir()) == [path]
