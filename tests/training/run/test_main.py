"""The process that trains: what it leaves behind when it ends."""

import json
import subprocess
import sys

import pytest

from tests.training.toys import TOY, make_job
from training.run.__main__ import QUIET, TRAINERS, build_parser, main

pytestmark = pytest.mark.slow

SHORT = TOY.model_copy(update={"max_steps": 1})


def read_outcome(job):
    return json.loads((job.folder / "outcome.json").read_text())


def test_a_job_that_is_done_says_under_which_name(tmp_path):
    job = make_job(tmp_path, SHORT)
    (job.folder / "outcome.json").write_text('{"end": "crashed", "message": "an earlier run"}')
    assert main(["train", str(job.folder)]) == 0
    assert read_outcome(job) == {"end": "done", "message": "Saved as toy."}


def test_bad_data_is_named_with_its_reason(tmp_path, capsys):
    job = make_job(tmp_path, SHORT.model_copy(update={"max_length": 16, "overflow": "truncate"}))
    assert main(["train", str(job.folder)]) == 1
    assert read_outcome(job)["end"] == "bad_data"
    assert read_outcome(job)["message"] in capsys.readouterr().err


def test_a_base_that_is_not_there_is_named(tmp_path):
    recipe = SHORT.model_copy(update={"tiny": None, "base": "nowhere"})
    job = make_job(tmp_path, recipe)
    assert main(["train", str(job.folder)]) == 1
    assert "nowhere" in read_outcome(job)["message"]


def test_a_folder_without_a_recipe_leaves_an_outcome_too(tmp_path):
    assert main(["train", str(tmp_path)]) == 1
    assert json.loads((tmp_path / "outcome.json").read_text())["end"] == "bad_data"


@pytest.mark.parametrize("name", ["metrics.jsonl", "run", "base", "data/more"])
def test_a_link_in_a_jobs_folder_leads_nothing_out_of_it(tmp_path, name):
    job = make_job(tmp_path, SHORT)
    outside = tmp_path / "outside"
    outside.mkdir()
    (job.folder / name).symlink_to(outside)
    assert main(["train", str(job.folder)]) == 1
    assert f"{name} is a link" in read_outcome(job)["message"] and not list(outside.iterdir())


def test_a_look_counts_and_shows_without_training(tmp_path):
    job = make_job(tmp_path, SHORT)
    assert main(["look", str(job.folder), "--rows", "2,5"]) == 0
    assert json.loads((job.folder / "report.json").read_text())["n_examples"] == 16
    assert not (job.folder / "run").exists()


def test_a_look_ends_when_whoever_asked_for_it_has_gone():
    code = "import time\nfrom training.run.__main__ import end_with_parent as end"
    code += "\nend(); print('looks', flush=True); time.sleep(60)"
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"looks\n" and child.poll() is None
        child.stdin.close()
        assert child.wait(50) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not held to a limit")
def test_a_look_takes_half_of_the_memory_at_most():
    """What swells in it fails; before the limit (the control) the same was given."""
    take = "mmap.mmap(-1, psutil.virtual_memory().total * 6 // 10, mmap.MAP_PRIVATE).close()"
    code = "import mmap, psutil\nfrom training.run.__main__ import limit_memory"
    code += f"\n{take}\nprint('given')\nlimit_memory()\n{take}\nprint('given')"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert child.stdout == b"given\n" and b"Error" in child.stderr


def test_rows_are_numbers_or_refused():
    assert build_parser().parse_args(["look", "x", "--rows", "3,57"]).rows == (3, 57)
    with pytest.raises(SystemExit):
        build_parser().parse_args(["look", "x", "--rows", "3;rm"])


def test_every_kind_has_a_trainer_and_nobody_is_asked():
    assert set(TRAINERS) == {"sft", "reward", "preference"}
    assert QUIET["HF_HUB_OFFLINE"] == QUIET["HF_HUB_DISABLE_TELEMETRY"] == "1"
