import shutil
from contextlib import closing
from dataclasses import replace

import gradio as gr
import pytest
from starlette.requests import Request

from annotations.accounts import Account, open_session
from backend.settings import Settings
from tests.jobs import CPU, fill_house, make_job, make_workshop, stand_in, wait_for
from tests.layouts import lay_out
from training.jobs import list_jobs, read_job
from training.orders import JobState
from training.preview import PreviewRow, write_previews
from training.report import Report, write_report
from training.states import METRICS, read_notes, read_stop, write_state
from training.workshop import Tools
from ui.admin.training import School
from ui.admin.training.tab import VIEWS, choose_view
from ui.admin.training.watch import find_rates, offer
from ui.context import STAFF_COOKIE
from ui.server import make_context

pytestmark = pytest.mark.slow  # an app of Gradio's, and processes

REPORT = Report(n_rows=8, n_steps=1215, n_tokens=100, n_sequences=8, effective_batch=4)
SHOWN = PreviewRow(1, (("Say 1.", False), ("It is.</s>", True)), 5)


def look_as(report):
    """A look at the data that finds what it was given, in a process of no length."""

    def look(job, rows):
        write_report(job.folder, report)
        write_previews(job.folder, [replace(SHOWN, line=row) for row in rows])
        return ["true"]

    return look


def make_tools(report=REPORT):
    return Tools(supervisor=stand_in, look=look_as(report), machine=lambda: CPU, tick_s=0.03)


@pytest.fixture
def context(store):
    fill_house(store.folder, "steps 1000")
    workshop = make_workshop(store.folder, tools=make_tools())
    context = make_context(Settings(data=store.folder), store, workshop=workshop)
    with closing(context.models), closing(context.judging), closing(workshop):
        yield context


@pytest.fixture
def school(context):
    with lay_out():
        yield School(context)


def ask_as(context, role="admin", query=b""):
    headers = []
    if role:
        token = open_session(context.store, Account("ada", role), 1)
        cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
        headers.append((b"cookie", cookie.encode()))
    return gr.Request(request=Request({"type": "http", "headers": headers, "query_string": query}))


def read_form(school, updates):
    """What the form holds after the updates of a recipe."""
    told = dict(zip(school.planner.list_fields(), updates, strict=True))
    form = [told[field] for field in school.planner.form]
    return [one["value"] if isinstance(one, dict) else one for one in form]


def change(school, form, **values):
    """The form's values with some fields, by their labels, changed."""
    labels = [field.label for field in school.planner.form]
    for label, value in values.items():
        form[labels.index(label.replace("_", " "))] = value
    return form


def choose(school, request, **values):
    """A filled-in form, and what tells it from others once it was looked at."""
    form = change(school, read_form(school, school.planner.choose(request, "stand-in")), **values)
    return form, school.planner.look_ahead(request, *form, "", "1, 5")


def start(school, request, **values):
    """Start a job as the page does, and return it."""
    form, looked = choose(school, request, **values)
    said = school.begin(request, looked[-1], *form, "")
    assert "was put in the queue" in said[1], said[0]
    return list_jobs(school.planner.data)[0]


@pytest.mark.parametrize(("asked", "view"), [("new", "new"), ("", VIEWS[0]), ("<b>", VIEWS[0])])
def test_an_address_leads_to_a_part(asked, view):
    assert choose_view({"view": asked}) == view


def test_what_will_happen_is_said_before_the_start_is_open(context, school):
    request = ask_as(context)
    form, (_, report, _, preview, button, looked) = choose(school, request, Epochs="2")
    assert "<dt>Rows</dt><dd>8</dd>" in report
    assert '<span class="loss">It is.&lt;/s&gt;</span>' in preview and "Row 5" in preview
    assert button["value"] == "Start training: 1,215 steps, CPU" and button["interactive"]
    assert looked and list_jobs(context.settings.data) == []
    assert school.planner.check(request, looked, *form) == gr.skip()
    closed = school.planner.check(request, looked, *change(school, form, Epochs="3"))
    assert closed["interactive"] is False


@pytest.mark.parametrize("faults", [("No room.",), ()])
def test_a_fault_keeps_the_start_closed(store, faults):
    fill_house(store.folder)
    tools = make_tools(replace(REPORT, faults=faults))
    workshop = make_workshop(store.folder, tools=tools)
    context = make_context(Settings(data=store.folder), store, workshop=workshop)
    with closing(context.models), closing(context.judging), lay_out():
        *_, button, looked = choose(School(context), ask_as(context))[1]
    assert button["interactive"] is not bool(faults)
    assert bool(looked) is not bool(faults)


def test_all_faults_of_a_form_are_told_at_once(context, school):
    _, (_, said, *_, looked) = choose(school, ask_as(context), Epochs="x", Batch="0")
    assert 'role="alert"' in said and "epochs" in said and "global_batch" in said
    assert not looked


def test_nothing_is_started_that_was_not_looked_at(context, school):
    request = ask_as(context)
    form, looked = choose(school, request)
    for sign in ("", "x", looked[-1]):
        said = school.begin(request, sign, *change(school, list(form), Epochs="9"), "")
        assert "has changed since" in said[0]
    assert list_jobs(context.settings.data) == []


def test_a_job_is_started_watched_stopped_and_resumed(context, school):
    context.workshop.start()
    request, watcher = ask_as(context), school.watcher
    job = start(school, request, Epochs="2", Name_of_the_new_model="mine")
    assert (job.order.name, job.order.actor, job.order.settings) == ("mine", "ada", {"epochs": 2.0})
    wait_for(lambda: read_job(job.folder).state.step > 2)
    table, chosen, head, plot, _, stop, resume, _, remove, signs, clock = watcher.tick(
        request, job.id, [], ""
    )
    assert (stop["value"], stop["interactive"], resume["interactive"]) == ("Stop", True, False)
    assert not remove["interactive"]
    assert "mine" in table and chosen["value"] == job.id and "Running" in head
    assert plot["visible"] and clock.active
    assert "mine stops." in watcher.end(request, job.id)
    wait_for(lambda: read_job(job.folder).state.end == "cancelled")
    *_, stop, resume, _, remove, signs, clock = watcher.tick(request, job.id, [], signs)
    assert (stop["interactive"], resume["interactive"], clock.active) == (False, True, False)
    assert remove["interactive"]
    again = watcher.tick(request, job.id, [], signs)
    assert all(one == gr.skip() for one in again[:5])
    assert "mine goes on." in watcher.go_on(request, job.id)
    wait_for(lambda: read_job(job.folder).state.life != "ended")


def test_a_second_stop_does_not_wait_for_a_save(context, school):
    request = ask_as(context)
    job = start(school, request)
    state = replace(job.state, life="stopping")
    write_state(job.folder, state)
    stop, resume, *_ = offer(replace(job, state=state))
    assert (stop["value"], resume["interactive"]) == ("Stop now", False)
    school.watcher.end(request, job.id)
    assert read_stop(job.folder) == "now"


def test_a_job_is_removed_after_it_was_said_what_goes(context, school):
    request, removal = ask_as(context), school.watcher.removal
    job, other = start(school, request), start(school, request, Name_of_the_new_model="other")
    write_state(job.folder, JobState("ended", "crashed"))
    words, box, asked = removal.ask(request, job.id)
    assert job.id in words and "resumed any more" in words and box["visible"] and asked == job.id
    assert "Another job" in removal.remove(request, other.id, asked) and job.folder.is_dir()
    assert "is removed" in removal.remove(request, job.id, asked) and not job.folder.exists()
    assert "stop it first" in removal.remove(request, other.id, other.id)
    assert removal.ask(request, job.id)[0] == ""


def test_the_model_of_a_removed_job_stays_and_it_is_said(context, school):
    request, removal = ask_as(context), school.watcher.removal
    job = start(school, request)
    write_state(job.folder, JobState("ended", "done"))
    model = context.settings.data / "checkpoints" / job.order.name
    assert "stays, with" not in removal.ask(request, job.id)[0]
    model.mkdir(parents=True)
    assert f"The model {job.order.name} stays" in removal.ask(request, job.id)[0]
    removal.remove(request, job.id, job.id)
    assert model.is_dir() and list_jobs(context.settings.data) == []


def test_only_curves_that_grew_are_drawn_again(context, school):
    request, watcher = ask_as(context), school.watcher
    job = start(school, request)
    (job.folder / METRICS).write_text('{"step": 1, "loss": 3}\n')
    *_, signs, _ = watcher.tick(request, job.id, [], "")
    _, _, _, plot, log, *_, signs, _ = watcher.tick(request, job.id, [], signs)
    assert plot == log == gr.skip()
    with (job.folder / METRICS).open("a") as file:
        file.write('{"step": 2, "loss": 2}\n')
    table, _, _, plot, *_ = watcher.tick(request, job.id, [], signs)
    assert list(plot["value"].data[0].y) == [3, 2] and table == gr.skip()


def test_an_address_leads_to_a_job_and_its_curves_lie_over_others(context, school):
    request = ask_as(context)
    one = start(school, request, Name_of_the_new_model="one")
    two = start(school, request, Name_of_the_new_model="two")
    for job in (one, two):
        (job.folder / METRICS).write_text('{"step": 1, "loss": 3}\n')
    asked = ask_as(context, query=f"tab=training&job={one.id}".encode())
    names = school.watcher.list_outputs()
    *arrived, missed = school.watcher.arrive(asked, None, [two.id])
    shown = dict(zip(names, arrived, strict=True))
    assert shown[school.watcher.job]["value"] == one.id
    assert shown[school.watcher.others]["value"] == [two.id]
    drawn = {line.name for line in shown[school.watcher.plot]["value"].data}
    assert drawn == {"one", "two"}
    *visited, missed_again = school.watcher.visit(request, f"?tab=training&job={two.id}")
    assert dict(zip(names, visited, strict=True))[school.watcher.job]["value"] == two.id
    assert missed == missed_again == gr.skip()


def test_an_address_of_a_job_that_is_gone_says_so_and_shows_another(context, school):
    request = ask_as(context)
    job = start(school, request)
    gone = "20260101-000000-gone-abcd"
    asked = ask_as(context, query=f"tab=training&job={gone}".encode())
    arrived = school.watcher.arrive(asked, None, None)
    visited = school.watcher.visit(request, f"?tab=training&job={gone}")
    for *shown, said in (arrived, visited):
        told = dict(zip(school.watcher.list_outputs(), shown, strict=True))
        assert told[school.watcher.job]["value"] == job.id
        assert f"The job {gone} is not there" in said


def test_a_job_that_is_gone_shows_the_newest(context, school):
    request = ask_as(context)
    assert "No jobs yet" in school.watcher.show(request, "20260101-000000-x-abcd", [])[0]
    job = start(school, request)
    assert school.watcher.show(request, "../../etc", [])[1]["value"] == job.id


def test_a_clone_fills_the_form_with_what_the_job_was_told(context, school):
    request = ask_as(context)
    job = start(school, request, Epochs="2", GPUs="", Processes="2")
    _, *updates = school.copy(request, job.id)
    told = dict(zip(school.planner.list_fields(), updates, strict=True))
    form = change(school, read_form(school, updates), Epochs="4")
    assert told[school.planner.parent] == job.id and job.id in told[school.planner.cloned]
    order, recipe = school.planner.read(form, "ada", job.id)
    assert (order.settings, order.parent, order.n_processes) == ({"epochs": 4.0}, job.id, 2)
    assert order.data == job.order.data and order.name != job.order.name and recipe.epochs == 4


@pytest.mark.parametrize("gone", ["job", "recipe"])
def test_a_clone_of_what_is_gone_leaves_the_form_and_says_so(context, school, gone):
    job = make_job(context.settings.data)
    if gone == "job":
        shutil.rmtree(job.folder)
    else:
        (context.settings.data / "training/recipes/stand-in.yaml").unlink()
    updates = school.planner.clone(ask_as(context), job.id)
    told = dict(zip(school.planner.list_fields(), updates, strict=True))
    assert "There is no" in told.pop(school.planner.cloned)
    assert all(update == gr.skip() for update in told.values())
    assert school.watcher.notes.read("20260101-000000-gone-abcd") == ""


def test_notes_are_kept(context, school):
    request, notes = ask_as(context), school.watcher.notes
    job = start(school, request)
    assert "saved" in notes.keep(request, job.id, "Loss <fell>.")
    assert read_notes(job) == notes.read(job.id) == "Loss <fell>."
    assert "Choose a job" in notes.keep(request, None, "x")


def test_an_upload_is_added_and_chosen_and_gone(context, school, tmp_path):
    request, supply = ask_as(context), school.planner.supply
    folder = tmp_path / "upload"
    folder.mkdir()
    path = folder / "mine.json"
    path.write_text('[{"instruction": "Say 1.", "input": "", "output": "1"}]')
    said, chosen, _ = supply.take(request, str(path), "", ["rows.json"])
    assert "mine.json is here: Alpaca, 1 rows." in said
    assert chosen["value"] == ["rows.json", "mine.json"] and not folder.exists()
    assert "Choose a file" in supply.take(request, None, "", [])[0]
    assert "Choose what to fetch" in supply.get(request, None, [])[0]


@pytest.mark.parametrize("role", [None, "researcher"])
def test_nobody_but_an_admin_is_answered(context, school, role):
    request, planner, watcher = ask_as(context, role), school.planner, school.watcher
    for act in (
        lambda: planner.look(request, None, None),
        lambda: planner.turn(request, "demo"),
        lambda: planner.choose(request, "stand-in"),
        lambda: planner.clone(request, "x"),
        lambda: planner.look_ahead(request),
        lambda: planner.check(request, ""),
        lambda: planner.begin(request, ""),
        lambda: planner.supply.take(request, None, None, None),
        lambda: planner.supply.get(request, None, None),
        lambda: watcher.show(request, "", []),
        lambda: watcher.visit(request, ""),
        lambda: watcher.tick(request, "", [], ""),
        lambda: watcher.end(request, ""),
        lambda: watcher.go_on(request, ""),
        lambda: watcher.notes.keep(request, "", ""),
        lambda: watcher.removal.ask(request, ""),
        lambda: watcher.removal.remove(request, "", ""),
    ):
        with pytest.raises(gr.Error, match="session has ended"):
            act()


@pytest.mark.parametrize("text", ["", "{", '{"step": 1}', '[1]\n{"st', '\n{"tokens_per_s": 3'])
def test_a_torn_log_has_no_rate(context, school, text):
    job = start(school, ask_as(context))
    (job.folder / METRICS).write_text(text)
    assert find_rates([job]) == {}


def test_the_rate_is_what_was_logged_last(context, school):
    job = start(school, ask_as(context))
    lines = "".join(f'{{"step": {n}, "tokens_per_s": {n}}}\n' for n in range(1, 900))
    (job.folder / METRICS).write_text(lines + '{"tor')
    assert find_rates([job]) == {job.id: 899}
