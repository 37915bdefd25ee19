"""A job's folder: made whole, found by its id, cloned, removed; hostile names make none."""

import json
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from backend.errors import CamelidError, Conflict, InputError, NotFound, Refused
from tests.hostile import list_hostile
from tests.jobs import ROWS, make_job, make_recipe
from training.jobs import (
    FILE,
    clone_order,
    create_job,
    find_job,
    list_data,
    list_jobs,
    list_taken,
    remove_job,
    suggest_name,
    sweep,
    write_state,
)
from training.orders import JobState, Order
from training.recipes import load_recipe


def test_new_job_waits_with_its_order_its_recipe_and_its_data(tmp_path):
    job = make_job(tmp_path, Order("model", "stand-in", settings={"epochs": 2}, nice=5))
    found = find_job(tmp_path, job.id)
    assert found == job and job.state == JobState(queued_at=job.created_at)
    assert load_recipe((job.folder / "recipe.yaml").read_text()) == make_recipe()
    assert job.order.data == ("rows.json",) and job.order.settings == {"epochs": 2}


def test_data_is_copied_read_only_with_its_sha256(tmp_path):
    job = make_job(tmp_path)
    (path,) = list_data(job)
    (tmp_path / "training/files/rows.json").write_text("changed")
    assert json.loads(path.read_text()) == ROWS and path.stat().st_mode & 0o222 == 0
    assert job.data_sha256 == {"rows.json": sha256(path.read_bytes()).hexdigest()}


def test_id_tells_when_and_what(tmp_path):
    job = create_job(tmp_path, Order("model", "r"), make_recipe(), [], clock=lambda: 1_795_361_400)
    assert job.id.startswith("20261122-153000-model-") and job.created_at == 1_795_361_400
    assert [find_job(tmp_path, part).id for part in (job.id[-4:], job.id[:15])] == [job.id] * 2


def test_the_newest_is_the_first_within_a_second_too(tmp_path):
    for n, name in enumerate(("b", "c", "a")):
        words = (Order(name, "r"), make_recipe(), [])
        create_job(tmp_path, *words, clock=lambda n=n: 1_795_361_400 + n / 10)
    assert [job.order.name for job in list_jobs(tmp_path)] == ["a", "c", "b"]


@pytest.mark.parametrize("id", ["", "2", "nothing", "../jobs", "20261122-153000-model-ab12"])
def test_unknown_id_is_said(tmp_path, id):
    make_job(tmp_path)
    with pytest.raises(NotFound, match="training list"):
        find_job(tmp_path, id)


def test_id_that_fits_two_jobs_names_both(tmp_path):
    for name in ("one", "two"):
        make_job(tmp_path, Order(name, "stand-in"))
    with pytest.raises(NotFound, match=r"-two-.*-one-.*Give more of the id"):
        find_job(tmp_path, list_jobs(tmp_path)[0].id[:4])
    assert find_job(tmp_path, "-one-").order.name == "one"


def test_name_is_taken_by_a_model_a_checkpoint_and_a_job_that_waits(tmp_path):
    make_job(tmp_path)
    (tmp_path / "checkpoints" / "made").mkdir(parents=True)
    assert {"model", "made", "vicuna-7b-v1.3"} <= list_taken(tmp_path)
    assert "alpaca-7b" not in list_taken(tmp_path)  # it waits for somebody to train it
    with pytest.raises(Conflict, match="model-2"):
        make_job(tmp_path)
    assert suggest_name(tmp_path, "made") == "made-2"


def test_order_without_a_name_gets_one(tmp_path):
    names = [make_job(tmp_path, Order("", "stand-in")).order.name for _ in range(2)]
    assert names == ["stand-in", "stand-in-2"]


def test_name_is_free_again_when_its_job_has_ended(tmp_path):
    job = make_job(tmp_path)
    write_state(job.folder, JobState("ended", "cancelled"))
    assert make_job(tmp_path).order.name == "model"


def test_nothing_stays_of_a_job_that_can_not_be_made(tmp_path):
    (tmp_path / "broken.json").mkdir()
    for files in ([tmp_path / "broken.json"], [tmp_path / "missing.json"]):
        with pytest.raises(InputError):
            create_job(tmp_path, Order("model", "r"), make_recipe(), files)
    assert list(tmp_path.glob("training/jobs/*")) == []


def test_two_files_of_one_name_are_refused(tmp_path):
    paths = [tmp_path / name / "rows.json" for name in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("[]")
    with pytest.raises(InputError, match="one name"):
        create_job(tmp_path, Order("model", "r"), make_recipe(), paths)


def test_full_disk_is_said_before_anything_is_copied(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(shutil.disk_usage(tmp_path).free)  # a file of nothing takes no room
    with pytest.raises(InputError, match="Make room"):
        create_job(tmp_path, Order("model", "r"), make_recipe(), [path])


@pytest.mark.parametrize("text", ["{", "[]", '{"order": {"name": 3}}', ""])
def test_damaged_job_is_listed_as_crashed(tmp_path, text):
    job = make_job(tmp_path)
    (job.folder / "job.json").write_text(text)
    (found,) = list_jobs(tmp_path)
    assert (found.id, found.state.end) == (job.id, "crashed")
    assert "can't be read" in found.state.message


def test_newest_job_is_first(tmp_path):
    for n, at in enumerate((3000, 1000, 2000)):
        create_job(tmp_path, Order(f"m-{n}", "r"), make_recipe(), [], clock=lambda at=at: at)
    assert [job.order.name for job in list_jobs(tmp_path)] == ["m-0", "m-2", "m-1"]


def test_clone_tells_its_parent_and_adds_changes(tmp_path):
    job = make_job(tmp_path, Order("model", "stand-in", settings={"epochs": 2, "seed": 1}))
    order = clone_order(job, {"seed": 7}, "other")
    assert order.settings == {"epochs": 2, "seed": 7}
    assert (order.name, order.parent, order.data) == ("other", job.id, job.order.data)


def test_only_a_job_that_has_ended_is_removed(tmp_path):
    job = make_job(tmp_path)
    with pytest.raises(Refused, match="stop it"):
        remove_job(job)
    remove_job(replace(job, state=JobState("ended", "done")))
    assert list_jobs(tmp_path) == []


def test_hostile_names_make_no_job_outside_their_folder(tmp_path):
    data, made = tmp_path / "data", []
    for text in list_hostile():
        try:
            made.append(create_job(data, Order(text, text), make_recipe(), []))
        except CamelidError:
            continue
    jobs = data / "training" / "jobs"
    assert all(job.folder.parent == jobs and job.folder.is_dir() for job in made)
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
    assert len(made) < 20  # CON, nul and their like are names


def test_hostile_ids_find_nothing(tmp_path):
    job, outside = make_job(tmp_path), tmp_path / "outside"
    shutil.copytree(job.folder, outside)
    for text in [*list_hostile(), "../../outside", str(outside), f"../jobs/{job.id}"]:
        with pytest.raises(NotFound):
            find_job(tmp_path, text)


def test_hostile_file_names_are_refused(tmp_path):
    for text in list_hostile():
        path = Path(tmp_path / "files") / text.replace("\0", "")
        if not FILE.fullmatch(path.name):
            with pytest.raises(InputError):
                create_job(tmp_path, Order("model", "r"), make_recipe(), [path])
    assert list(tmp_path.glob("training/jobs/*")) == []


def test_hostile_strings_are_hostile(tmp_path):
    """Without the rules above they leave their folder, and reach a shell."""
    jobs = tmp_path / "training" / "jobs"
    texts = [text for text in list_hostile() if "\0" not in text and "\ud800" not in text]
    left = [text for text in texts if not (jobs / text).resolve().is_relative_to(jobs.resolve())]
    subprocess.run(["sh", "-c", f"echo x {texts[0]}"], cwd=tmp_path, check=True)
    assert len(left) > 50 and (tmp_path / "canary").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../../x"}, {"data": ["../../../passwd"]}, {"data": ["/etc/passwd"]},
        {"recipe": "../x"}, {"actor": "\x1b[2J"}, {"settings": {"epochs": "\x1b[2J"}},
        {"settings": {"epochs": [1]}}, {"devices": [-1]}, {"n_processes": 10**9}, {"nice": -20},
        {"main_ip": "--x"},
    ],
)  # fmt: skip
def test_order_that_nobody_could_give_is_a_damaged_job(tmp_path, change):
    job = make_job(tmp_path)
    told = json.loads((job.folder / "job.json").read_text())
    (job.folder / "job.json").write_text(json.dumps({**told, "order": told["order"] | change}))
    (found,) = list_jobs(tmp_path)
    assert (found.state.end, found.order.name, found.order.data) == ("crashed", job.id, ())
    with pytest.raises(InputError):
        create_job(tmp_path, replace(job.order, **{"name": "other"} | change), make_recipe(), [])


def test_link_is_no_job_and_what_it_leads_to_stays(tmp_path):
    job, other = make_job(tmp_path), tmp_path / "elsewhere"
    other.mkdir()
    link = job.folder.with_name("20200101-000000-evil-ab12")
    link.symlink_to(other)
    assert [found.id for found in list_jobs(tmp_path)] == [job.id]
    with pytest.raises(NotFound):
        remove_job(find_job(tmp_path, link.name))


def test_what_a_kill_left_half_made_is_swept(tmp_path):
    job = make_job(tmp_path)
    half = job.folder.with_name(f".{job.id}.part")
    look = tmp_path / "training" / "looks" / job.id
    for folder in (half, look):
        folder.mkdir(parents=True)
    sweep(tmp_path, half.stat().st_mtime + 60)
    assert half.exists() and look.exists()  # it may be in the making
    sweep(tmp_path, half.stat().st_mtime + 7200)
    assert not half.exists() and not look.exists() and job.folder.exists()
