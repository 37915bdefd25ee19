"""Jobs ordered, run one after another, stopped, resumed, cloned. The processes are real."""

import json
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from backend.errors import CamelidError, Conflict, InputError, NotFound, Refused
from tests.jobs import (
    GPUS,
    fill_house,
    list_left,
    make_workshop,
    open_workshop,
    order,
    wait_for,
    wait_step,
)
from training.group import tell_birth
from training.jobs import read_log, read_metrics, write_state
from training.orders import JobState, Order
from training.workshop import Tools

pytestmark = pytest.mark.slow  # real processes


def read_pid(job, name="trainer.pid"):
    """The process that a stand-in has written down."""
    return int(wait_for(lambda: (job.folder / name).exists() and (job.folder / name).read_text()))


def test_job_runs_to_its_end(tmp_path):
    with open_workshop(tmp_path, "steps 6") as workshop:
        job = order(workshop)
        assert job.state.life == "queued" and workshop.holds_queue
        state = workshop.wait(job.id, 30).state
    assert (state.life, state.end, state.step, state.n_steps) == ("ended", "done", 6, 6)
    assert state.queued_at <= state.started_at <= state.ended_at
    assert [point["step"] for point in read_metrics(job)] == [1, 2, 3, 4, 5, 6]


def test_jobs_ordered_at_once_run_one_after_another(tmp_path):
    with open_workshop(tmp_path, "steps 2") as workshop:
        threads = [threading.Thread(target=order, args=(workshop, f"m-{n}")) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        jobs = [workshop.wait(job.id, 30) for job in workshop.list()]
    states = [job.state for job in sorted(jobs, key=lambda job: job.state.queued_at)]
    assert [state.end for state in states] == ["done"] * 3
    assert states[0].ended_at <= states[1].started_at < states[1].ended_at <= states[2].started_at


def test_jobs_on_other_gpus_run_beside_each_other(tmp_path):
    with open_workshop(tmp_path, "steps 9999", GPUS) as workshop:
        one, other = order(workshop, "one", devices=(0, 1)), order(workshop, "two", devices=(2,))
        late, cpu = order(workshop, "late", devices=(1,)), order(workshop, "cpu")
        for job in (one, other, cpu):  # tiny models train on the CPU where they name no GPU
            wait_step(workshop, job)
        assert workshop.find(late.id).state.life == "queued"
        workshop.stop(one.id)
        wait_step(workshop, late)


def test_gpus_are_asked_for_and_given_back(tmp_path):
    told = []
    lend = lambda devices, why: told.append((devices, why))  # noqa: E731
    with open_workshop(tmp_path, "steps 3", GPUS, free_devices=lend) as workshop:
        workshop.wait(order(workshop, devices=(1, 3)).id, 30)
        wait_for(lambda: told[-1][0] == ())
    loans = [one for n, one in enumerate(told) if n == 0 or one != told[n - 1]]
    assert loans[-2:] == [((1, 3), "model is being trained on it"), ((), "")]


@pytest.mark.parametrize(
    ("life", "end", "words"),
    [
        ("crash", "crashed", "KeyError: 'text'"),
        ("memory", "out_of_memory", "device_batch"),
        ("killed", "crashed", "memory runs out"),
    ],
)
def test_death_has_a_name_and_the_last_lines(tmp_path, life, end, words):
    with open_workshop(tmp_path, f"steps {life}") as workshop:
        state = workshop.wait(order(workshop).id, 30).state
    assert (state.end, words in state.message) == (end, True)
    assert state.step == 3 and any("died" in line or "ended" in line for line in state.tail)


def test_stop_saves_and_resume_goes_on_from_there(tmp_path):
    with open_workshop(tmp_path, "steps 9999") as workshop:
        job = wait_step(workshop, order(workshop), 7)
        workshop.stop(job.id)
        state = workshop.wait(job.id, 30).state
        assert state.end == "cancelled" and (job.folder / f"run/checkpoint-{state.step}").is_dir()
        assert workshop.resume(job.id).state.life == "queued"
        wait_step(workshop, job, state.step + 3)
    steps = [point["step"] for point in read_metrics(job)]
    assert steps == list(range(1, len(steps) + 1))


def test_trainer_gives_way_as_it_was_ordered_to(tmp_path):
    with open_workshop(tmp_path, "steps 9999") as workshop:
        job = order(workshop, nice=7)
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, read_pid(job)) == min(ours + 7, 19)


def test_queued_job_can_be_stopped(tmp_path):
    with open_workshop(tmp_path, "steps 9999") as workshop:
        wait_step(workshop, order(workshop, "first"))
        job = order(workshop, "second")
        assert workshop.stop(job.id).state.end == "cancelled"
        assert not (job.folder / "trainer.pid").exists()


def test_stubborn_job_is_ended_when_its_time_is_up(tmp_path):
    with open_workshop(tmp_path, "stubborn 9999") as workshop:
        job = wait_step(workshop, order(workshop))
        workshop.stop(job.id, now=True)
        assert workshop.wait(job.id, 30).state.end == "cancelled"
        wait_for(lambda: not tell_birth(read_pid(job)))


@pytest.mark.parametrize("life", ["lone 9999", "far 9999"])
def test_what_a_launcher_leaves_behind_is_ended(tmp_path, life):
    with open_workshop(tmp_path, life) as workshop:
        job = order(workshop)
        pid = read_pid(job, "far.pid" if "far" in life else "trainer.pid")
        if "far" in life:
            workshop.stop(job.id)
        workshop.wait(job.id, 30)
        wait_for(lambda: not tell_birth(pid))


def test_low_disk_ends_a_job(tmp_path):
    with open_workshop(tmp_path, "steps 9999", low_disk=1 << 60) as workshop:
        state = workshop.wait(order(workshop).id, 30).state
    assert state.end == "disk_full" and "Make room" in state.message


def test_killed_job_goes_on_where_its_checkpoint_was(tmp_path):
    with open_workshop(tmp_path, "held 40") as workshop:
        job = wait_step(workshop, order(workshop), 12)
        os.kill(read_pid(job), signal.SIGKILL)
        (job.folder / "go").touch()
        state = workshop.wait(job.id, 30).state
        assert state.end == "crashed" and "signal 9" in state.message
        workshop.resume(job.id)
        assert workshop.wait(job.id, 30).state.end == "done"
    assert [point["step"] for point in read_metrics(job)] == list(range(1, 41))


@pytest.mark.parametrize("life", ["steps 9999", "stubborn far 9999"])
def test_killed_supervisor_leaves_nothing(tmp_path, life):
    with open_workshop(tmp_path, life) as workshop:
        job = wait_step(workshop, order(workshop))
        os.kill(job.state.pid, signal.SIGKILL)
        state = workshop.wait(job.id, 30).state
        assert (state.end, "Resume" in state.message) == ("interrupted", True)
        wait_for(lambda: not list_left(tmp_path))


def test_closing_ends_jobs_that_may_not_outlive_the_app(tmp_path):
    with open_workshop(tmp_path, "steps 9999") as workshop:
        job = wait_step(workshop, order(workshop))
    state = workshop.find(job.id).state
    assert (state.end, list_left(tmp_path)) == ("interrupted", [])
    assert (job.folder / f"run/checkpoint-{state.step}").is_dir()


def test_job_that_may_outlive_the_app_is_found_again(tmp_path):
    fill_house(tmp_path, "steps 9999")
    first = make_workshop(tmp_path)
    first.start()
    job = wait_step(first, order(first, keep_running=True))
    first.close()
    with open_workshop(tmp_path, "steps 9999") as second:
        found = wait_step(second, job, job.state.step + 5)
        assert (found.state.pid, found.state.life) == (job.state.pid, "running")
        second.keep(job.id, False)  # what is adopted ends with who adopted it, all the same


def test_second_workshop_waits_and_takes_over(tmp_path):
    with open_workshop(tmp_path, "steps 3") as first:
        second = make_workshop(tmp_path)
        assert not second.start()
        job = order(second)  # ordered here, run there
        assert second.wait(job.id, 30).state.end == "done"
        first.close()
        wait_for(lambda: second.holds_queue)
        job = order(second, "another")
        assert second.wait(job.id, 30).state.end == "done"
        second.close()


def test_state_of_a_dead_machine_is_settled_at_the_next_start(tmp_path):
    fill_house(tmp_path)
    workshop = make_workshop(tmp_path)
    job = order(workshop)
    told = {"life": "running", "pid": os.getpid(), "born": 1.0, "step": 7}  # a number used again
    (job.folder / "state.json").write_text(json.dumps(told))
    with open_workshop(tmp_path) as workshop:
        state = workshop.wait(job.id, 30).state
    assert (state.end, state.step) == ("interrupted", 7)


def test_start_tells_at_once_what_became_of_an_earlier_run(tmp_path):
    fill_house(tmp_path)
    job = order(make_workshop(tmp_path))
    write_state(job.folder, JobState("running", pid=os.getpid(), born=1.0))
    workshop = make_workshop(tmp_path)
    workshop.start()
    assert workshop.find(job.id).state.end == "interrupted"
    workshop.close()


def test_clone_keeps_recipe_and_data_but_for_the_changes(tmp_path):
    fill_house(tmp_path)
    workshop = make_workshop(tmp_path)
    job = order(workshop, settings={"epochs": 2})
    (tmp_path / "training/recipes/stand-in.yaml").unlink()
    clone = workshop.clone(job.id, {"learning_rate": 0.001})
    assert clone.order == replace(
        job.order, name=clone.order.name, parent=job.id,
        settings={"epochs": 2, "learning_rate": 0.001},
    )  # fmt: skip
    recipe = (clone.folder / "recipe.yaml").read_text()
    assert "epochs: 2" in recipe and "0.001" in recipe
    assert clone.data_sha256 == job.data_sha256


def test_what_can_not_be_ordered_is_refused(tmp_path):
    fill_house(tmp_path)
    workshop = make_workshop(tmp_path)
    for wrong, error in [
        (Order("m", "nowhere"), NotFound),
        (Order("m", "stand-in", settings={"epochs": -1, "rank": 3}), InputError),
        (Order("m", "stand-in", data=("missing.json",)), NotFound),
        (Order("m", "stand-in", devices=(0,)), InputError),
        (Order("../m", "stand-in"), InputError),
        (Order("vicuna-7b-v1.3", "stand-in"), Conflict),
    ]:
        with pytest.raises(error):
            workshop.create(wrong)
    assert workshop.list() == []


def test_what_can_not_go_on_is_refused(tmp_path):
    with open_workshop(tmp_path, "steps 3") as workshop:
        job = order(workshop)
        workshop.wait(job.id, 30)
        with pytest.raises(Refused, match="clone"):
            workshop.resume(job.id)
        workshop.remove(job.id)
    assert workshop.list() == []


def test_job_that_waits_is_not_removed(tmp_path):
    fill_house(tmp_path)
    workshop = make_workshop(tmp_path)
    with pytest.raises(Refused, match="stop it first"):
        workshop.remove(order(workshop).id)


def write_look(job, rows):
    """The words of a program that looks at a job."""
    report = {"n_rows": 8, "n_steps": 3}
    row = {"line": rows[0] if rows else 1, "segments": [["A", True]], "n_tokens": 1}
    code = f"""from pathlib import Path
Path("report.json").write_text('{json.dumps(report)}')
Path("preview.jsonl").write_text('{json.dumps(row)}')"""
    return ["python3", "-c", code]


def test_look_says_what_will_happen_and_leaves_nothing(tmp_path):
    fill_house(tmp_path)
    tools = Tools(look=write_look)
    workshop = make_workshop(tmp_path, tools=tools)
    look = workshop.look(Order("", "stand-in"), rows=(3,))
    assert (look.report.n_rows, look.report.n_steps, look.preview[0].line) == (8, 3, 3)
    assert list(Path(tmp_path / "training/looks").iterdir()) == workshop.list() == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('bad row')", "bad row"),
        ("raise MemoryError", "over half of this machine's memory"),
        ("import time; time.sleep(60)", "took over"),
    ],
)
def test_look_that_fails_says_why(tmp_path, code, words):
    fill_house(tmp_path)
    within_s = 0.3 if "sleep" in code else 30
    tools = Tools(look=lambda job, rows: ["python3", "-c", code], look_s=within_s)
    workshop = make_workshop(tmp_path, tools=tools)
    with pytest.raises(Exception, match=words):
        workshop.look(Order("", "stand-in"))
    assert list(Path(tmp_path / "training/looks").iterdir()) == []


def test_look_that_is_under_way_ends_with_the_app(tmp_path):
    fill_house(tmp_path)
    tools = Tools(look=lambda job, rows: ["python3", "-c", "import time; time.sleep(60)"])
    workshop = make_workshop(tmp_path, tools=tools)
    threading.Timer(0.3, workshop.stop_looks).start()
    with pytest.raises(CamelidError, match="app is ending"):
        workshop.look(Order("", "stand-in"))
    assert list_left(tmp_path) == list(Path(tmp_path / "training/looks").iterdir()) == []


def test_log_has_what_the_supervisor_and_the_trainer_said(tmp_path):
    with open_workshop(tmp_path, "steps silent") as workshop:
        job = order(workshop)
        workshop.wait(job.id, 30)
    log = read_log(job)
    assert job.id in log[0] and "something went wrong" in log


def test_a_taken_name_is_told_before_the_data_is_read(tmp_path):
    fill_house(tmp_path)
    (tmp_path / "checkpoints" / "mine").mkdir(parents=True)
    tools = Tools(look=lambda job, rows: ["false"])
    with pytest.raises(Conflict, match="mine-2"):
        make_workshop(tmp_path, tools=tools).look(Order("mine", "stand-in"))
