"""Jobs from the terminal: the processes are stand-ins, but real ones."""

import os
import signal
import threading
from io import StringIO

import pytest
import typer

from tests.jobs import list_left, make_job, make_workshop, open_workshop, order, wait_for, wait_step
from training.orders import JobState
from training.report import Report
from training.states import write_state
from ui.terminal.following import follow, run_job, say_job, show_report, tell_end

slow = pytest.mark.slow


class Screen(StringIO):
    """A terminal."""

    def isatty(self):
        return True


def interrupt(workshop, job, step=2):
    """Press Ctrl+C when a job has come so far."""

    def press():
        wait_step(workshop, job, step)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


@slow
def test_a_job_is_run_here_and_its_end_is_told(tmp_path, capsys):
    with open_workshop(tmp_path, "steps 6") as workshop:
        workshop.close()  # the queue is free: whoever runs a job takes it
        screen = Screen()
        other = make_workshop(tmp_path)
        run_job(other, order(other), screen)
        other.close()
    assert "model is done and can be chatted with." in capsys.readouterr().out
    assert "\rdone, step 6 of 6" in screen.getvalue()


@slow
def test_ctrl_c_saves_and_stops_what_is_run_here(tmp_path, capsys):
    with open_workshop(tmp_path, "steps 9999") as workshop:
        job = order(workshop)
        thread = interrupt(workshop, job)
        ended = follow(workshop, job.id, Screen(), ours=True)
        thread.join()
    assert (ended.state.life, ended.state.end) == ("ended", "cancelled")
    with pytest.raises(typer.Exit) as caught:
        tell_end(ended)
    assert caught.value.exit_code == 1
    assert f"training resume {job.id}" in capsys.readouterr().err


@slow
def test_ctrl_c_leaves_alone_what_another_process_runs(tmp_path):
    with open_workshop(tmp_path, "steps 9999") as workshop:
        job = order(workshop)
        thread = interrupt(workshop, job)
        left = follow(make_workshop(tmp_path), job.id, StringIO(), ours=False)
        thread.join()
        assert left.state.life == "running"
        assert workshop.find(job.id).state.life == "running"


@slow
@pytest.mark.parametrize("held", [True, False])
def test_a_detached_job_goes_on_whoever_holds_the_queue(tmp_path, capsys, held):
    with open_workshop(tmp_path, "steps 9999") as workshop:
        if not held:
            workshop.close()
        other = make_workshop(tmp_path)
        job = order(other, keep_running=True)
        run_job(other, job, StringIO(), detach=True)
        other.close()
        assert wait_step(workshop, job).state.life == "running"
        workshop.stop(job.id)
        wait_for(lambda: not list_left(tmp_path))
        assert workshop.find(job.id).state.end == "cancelled"
    assert f"training show {job.id}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (JobState(), "queued"),
        (JobState("starting"), "starting"),
        (
            JobState("running", step=3, n_steps=1200, left_s=75),
            "running, step 3 of 1,200, 1:15 left",
        ),
        (JobState("running", step=3, n_steps=12), "running, step 3 of 12"),
        (JobState("ended", "crashed"), "crashed"),
        (JobState("ended", "done", step=12, n_steps=12), "done, step 12 of 12"),
    ],
)
def test_how_a_job_is_is_said_in_a_few_words(tmp_path, state, words):
    job = make_job(tmp_path)
    write_state(job.folder, state)
    assert say_job(make_workshop(tmp_path).find(job.id)) == words


def test_loss_and_speed_are_said_where_they_are_known(tmp_path):
    job = make_job(tmp_path)
    write_state(job.folder, JobState("running", step=3, n_steps=12))
    (job.folder / "metrics.jsonl").write_text('{"step": 3, "loss": 2.5, "tokens_per_s": 1500}\n')
    assert say_job(make_workshop(tmp_path).find(job.id)).endswith("loss 2.5000, 1,500 tokens/s")


def test_a_report_fits_a_screen_of_80_columns(capsys):
    parts = {"Adam's moments (8 bytes of each trained number, over 8 devices)": 107_800_000_000}
    show_report(Report(n_sequences=330, n_examples=990, memory_parts=parts))
    told = capsys.readouterr().out.splitlines()
    assert max(map(len, told)) < 100 and sum(len(line) < 80 for line in told) >= len(told) - 1
    assert any(line.endswith("107.8 GB  " + name) for line in told for name in parts)


def test_a_report_with_faults_ends_with_code_1(capsys):
    show_report(Report(n_rows=3))
    with pytest.raises(typer.Exit):
        show_report(Report(faults=("Nothing is left.",), warnings=("It trains in fp32.",)))
    told = capsys.readouterr()
    assert "Rows" in told.out
    assert "Note: It trains in fp32.\nThis can't start: Nothing is left." in told.err
