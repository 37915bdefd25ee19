import json

import pytest

from tests.jobs import ROWS, make_job
from training.orders import JobState
from training.states import write_state


@pytest.fixture
def job(data):
    """A job that waits, in the data folder of `camelid`."""
    return make_job(data)


@pytest.fixture
def rows(tmp_path):
    """A file of training data from elsewhere."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(ROWS))
    return path


def test_without_jobs_it_says_how_to_start_one(camelid):
    assert "train RECIPE" in camelid("training", "list").stdout


def test_jobs_are_listed_and_shown(camelid, job):
    listed = camelid("training", "list").stdout.splitlines()[1].split()
    assert listed == [job.id, "model", "stand-in", "queued"]
    shown = camelid("training", "show", "model").stdout
    assert "rows.json" in shown and str(job.folder.name) in shown


def test_a_job_is_known_by_id_a_part_of_it_and_its_models_name(camelid, job):
    for word in (job.id, job.id[-4:], "model"):
        assert camelid("training", "note", word, "too hot").exit_code == 0
    assert "too hot" in camelid("training", "show", job.id).stdout


def test_a_job_that_nobody_knows_is_told(camelid):
    shown = camelid("training", "show", "nobody")
    assert shown.exit_code == 1
    assert "There is no job 'nobody'" in shown.stderr


def test_the_log_is_printed_from_its_end(camelid, job):
    (job.folder / "log.txt").write_text("one\ntwo\nthree\n")
    assert camelid("training", "log", job.id, "--lines", "2").stdout == "two\nthree\n"


def test_a_job_that_crashed_is_shown_with_its_last_lines(camelid, job):
    write_state(job.folder, JobState("ended", "crashed", "It broke.", ("boom",)))
    shown = camelid("training", "show", job.id).stdout
    assert "crashed" in shown and "It broke." in shown and shown.endswith("\nboom\n")


def test_a_job_that_waits_is_stopped(camelid, job):
    assert camelid("training", "stop", job.id).exit_code == 0
    assert (job.folder / "stop").exists()


def test_a_job_that_is_done_is_not_resumed(camelid, job):
    write_state(job.folder, JobState("ended", "done"))
    resumed = camelid("training", "resume", job.id)
    assert resumed.exit_code == 1
    assert "clone it with changes" in resumed.stderr


def test_a_job_that_has_ended_is_removed_and_no_other(camelid, job):
    refused = camelid("training", "remove", job.id)
    assert refused.exit_code == 1 and "stop it first" in refused.stderr
    write_state(job.folder, JobState("ended", "done"))
    assert camelid("training", "remove", job.id).exit_code == 0
    assert not job.folder.exists()


def test_wrong_settings_of_a_clone_are_all_told(camelid, job):
    cloned = camelid("training", "clone", job.id, "--set", "epochs=0", "--set", "tiny.hidden=17")
    assert cloned.exit_code == 1
    assert "epochs is '0'" in cloned.stderr and "tiny.hidden is '17'" in cloned.stderr


def test_recipes_are_listed_and_shown_with_their_reasons(camelid):
    assert "llama-gpt4-7b " in camelid("training", "recipes").stdout
    shown = camelid("training", "recipes", "llama-gpt4-7b").stdout
    assert "schedule                  constant_with_warmup\n" in shown
    assert "WarmupLR" in shown


def test_a_broken_recipe_is_listed_with_its_fault(camelid, data, job):
    (data / "training" / "recipes" / "bad.yaml").write_text("epochs: 3\n")
    (line,) = [row for row in camelid("training", "recipes").stdout.split("\n") if "bad" in row]
    assert "data folder" in line and "title (it is missing)" in line


def test_files_come_in_and_are_listed(camelid, rows):
    assert "training fetch NAME" in camelid("training", "files").stdout
    added = camelid("training", "add", rows, "--name", "my.json")
    assert "8 rows, shape alpaca" in added.stdout and "--data my.json --dry-run" in added.stderr
    assert "my.json  alpaca  8" in camelid("training", "files").stdout


def test_a_file_that_is_no_training_data_is_refused(camelid, rows):
    rows.write_text('{"text": 1}')
    added = camelid("training", "add", rows)
    assert added.exit_code == 1
    assert "This is no training data" in added.stderr


def test_a_broken_file_is_listed_with_its_fault(camelid, data, job):
    (data / "training" / "files" / "bad.json").write_text("[1]")
    assert "A row should be an object" in camelid("training", "files").stdout


def test_what_can_be_fetched_is_listed(camelid):
    assert "comparison_data_v2" in camelid("training", "fetch", "list").stdout
    assert "There is no download 'x'" in camelid("training", "fetch", "x").stderr
