from training.orders import Job, JobState, Order
from ui.lab.coming import list_demos, say_coming


def make(tmp_path, name, life="running", actor="demo", **state):
    order = Order(name, "tiny-alpaca", actor=actor)
    return Job(name, tmp_path, order, JobState(life, n_steps=220, **state))


def test_whoever_waits_hears_how_far_the_models_are(tmp_path):
    jobs = [make(tmp_path, "one", step=95), make(tmp_path, "two", life="queued")]
    said = say_coming(jobs)
    assert "one is being trained: 95 of 220 steps." in said
    assert "two is the next to be trained." in said


def test_nothing_is_promised_where_nothing_is_trained(tmp_path):
    assert say_coming([]) == ""
    assert say_coming([make(tmp_path, "one", life="ended", end="crashed")]) == ""


def test_only_the_demo_s_own_jobs_are_the_demo_s(tmp_path):
    jobs = [make(tmp_path, "one"), make(tmp_path, "two", actor="ada")]
    assert [job.id for job in list_demos(jobs)] == ["one"]
