"""What a checkpoint's card says."""

from dataclasses import replace
from pathlib import Path

import pytest

from training.checkpoint import Origin, make_facts, read_commit, read_versions
from training.orders import Job, JobState, Order
from training.recipe import Recipe

COMMIT = "0123456789abcdef0123456789abcdef01234567"
RECIPE = Recipe(name="toy", title="A toy", note="Knows little.", kind="reward", base="opt")
JOB = Job("1-toy-ab12", Path("job"), Order("toy", "toy", {"epochs": 2}), JobState())
ORIGIN = Origin("opt", 2048, 10, {"loss": 0.5})


def test_facts_say_how_it_is_served_and_where_it_comes_from():
    facts = make_facts(JOB, RECIPE, ORIGIN, "toy", clock=lambda: 7.0)
    assert (facts["role"], facts["context"], facts["title"]) == ("reward", 2048, "A toy")
    assert (facts["parent"], facts["job"], facts["made_at"]) == ("opt", "1-toy-ab12", 7.0)
    assert facts["recipe"]["base"] == "opt"
    assert facts["metrics"] == {"loss": 0.5}


def test_a_model_that_was_trained_on_benchmarks_says_so():
    job = replace(JOB, order=replace(JOB.order, force_benchmarks=True))
    facts = make_facts(job, RECIPE, replace(ORIGIN, n_benchmark=3), "toy")
    assert (facts["forced_benchmarks"], facts["n_benchmark_rows"]) == (True, 3)
    assert facts["note"].startswith("Knows little. It was trained on 3 of the benchmarks'")
    assert make_facts(JOB, RECIPE, ORIGIN, "toy")["note"] == "Knows little."


def test_a_checkpoint_of_another_name_says_it_in_its_title():
    assert make_facts(JOB, RECIPE, ORIGIN, "second")["title"] == "A toy (second)"


def test_versions_name_what_trained_it():
    assert {"torch", "trl"} <= set(read_versions())


def make_git(root, head):
    (root / ".git" / "refs/heads").mkdir(parents=True)
    (root / ".git" / "HEAD").write_text(head)
    return root / ".git"


def test_commit_of_a_branch_is_read_from_its_file(tmp_path):
    git = make_git(tmp_path, "ref: refs/heads/main\n")
    (git / "refs/heads/main").write_text(f"{COMMIT}\n")
    assert read_commit(tmp_path) == COMMIT


def test_commit_of_a_packed_branch_is_found(tmp_path):
    git = make_git(tmp_path, "ref: refs/heads/main\n")
    (git / "packed-refs").write_text(
        f"# pack-refs\n{'f' * 40} refs/heads/old\n{COMMIT} refs/heads/main\n"
    )
    assert read_commit(tmp_path) == COMMIT


def test_commit_of_a_worktree_is_that_of_its_branch(tmp_path):
    main, tree = tmp_path / "main", tmp_path / "tree"
    git = make_git(main, "ref: refs/heads/main\n")
    (git / "refs/heads/side").write_text(COMMIT)
    own = git / "worktrees/tree"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/side")
    (own / "commondir").write_text("../..")
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {own}\n")
    assert read_commit(tree) == COMMIT


@pytest.mark.parametrize("head", ["", "nonsense", "ref: refs/heads/gone", "ref: ../../secret"])
def test_what_is_no_commit_is_left_empty(tmp_path, head):
    make_git(tmp_path, head)
    assert read_commit(tmp_path) == ""
    assert read_commit(tmp_path / "nowhere") == ""


def test_a_detached_head_is_its_own_commit(tmp_path):
    make_git(tmp_path, f"{COMMIT}\n")
    assert read_commit(tmp_path) == COMMIT
