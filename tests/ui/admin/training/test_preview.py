import json
import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import InputError
from training.jobs import create_job, read_job
from training.orders import JobState, Order
from training.preview import PreviewRow
from training.recipes import read_recipe
from training.report import Report
from training.states import METRICS, write_state
from ui.admin.training.preview import (
    MAX_CHARS,
    guess_seconds,
    read_rows,
    say_start,
    show_preview,
    show_report,
)

BODY = re.compile(r'<div class="tokens" dir="auto">(.*?)</div>', re.S)
LOSS = re.compile(r'<span class="loss">(.*?)</span>', re.S)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=40)


def read_text(html):
    return unescape(re.sub(r"<[^>]+>", "", html))


@settings(max_examples=40)
@given(st.lists(st.tuples(TEXT, st.booleans()), min_size=1, max_size=6))
def test_every_character_is_shown_and_exactly_those_that_carry_loss_are_marked(segments):
    html = show_preview([PreviewRow(1, tuple(segments), 9)])
    body = BODY.search(html)[1]
    assert read_text(body) == "".join(text for text, _ in segments)
    marked = "".join(read_text(one) for one in LOSS.findall(body))
    assert marked == "".join(text for text, carries in segments if carries)


def test_a_long_row_is_cut_and_says_by_how_much():
    html = show_preview([PreviewRow(3, (("a" * MAX_CHARS, False), ("b" * 1000, True)), 9, True)])
    assert "1,000 more characters" in html and "bb" not in html
    assert "Row 3: 9 tokens, cut at the longest length" in html


def test_a_row_says_its_part_and_why_it_is_left_out():
    html = show_preview([PreviewRow(3, (("a", False),), 9, part="chosen", note="No <loss>.")])
    assert "Row 3, chosen: 9 tokens" in html and "No &lt;loss&gt;." in html
    assert "No row" in show_preview([])


@pytest.mark.parametrize(("text", "rows"), [("1, 57", (1, 57)), ("", ()), ("3 3,2", (3, 2))])
def test_rows_are_named_by_numbers(text, rows):
    assert read_rows(text) == rows


@pytest.mark.parametrize("text", ["x", "0", "-1", "1.5", "1 2 3 4 5 6 7 8 9", "1;2"])
def test_other_rows_are_refused(text):
    with pytest.raises(InputError, match="Rows is"):
        read_rows(text)


def test_what_forbids_the_start_stands_before_the_numbers():
    html = show_report(Report(faults=("No <room>.",), warnings=("Slow.",), n_rows=7))
    assert html.index("No &lt;room&gt;.") < html.index("<dt>Rows</dt><dd>7</dd>")
    assert 'role="alert"' in html and "Slow." in html
    assert 'role="alert"' not in show_report(Report())


@pytest.mark.parametrize(
    ("n_steps", "seconds", "devices", "words"),
    [
        (1215, 2400.0, (), "Start training: 1,215 steps, about 40 min, CPU"),
        (1, None, (0,), "Start training: 1 step, 1 GPU"),
        (30, 20.0, (0, 3), "Start training: 30 steps, about 20 s, 2 GPUs"),
    ],
)
def test_the_button_says_what_it_starts(n_steps, seconds, devices, words):
    assert say_start(Report(n_steps=n_steps), seconds, devices) == words


def test_how_long_it_takes_is_told_by_the_last_job_of_the_recipe(tmp_path):
    recipe = read_recipe("tiny-alpaca")
    job = create_job(tmp_path, Order("one", recipe.name), recipe, [])
    report = Report(n_steps=10, effective_batch=4, n_tokens=1000, n_sequences=20)
    assert guess_seconds([job], job.order, report) is None
    write_state(job.folder, JobState("ended", "done"))
    lines = [{"step": step, "tokens_per_s": rate} for step, rate in enumerate((1, 100, 300), 1)]
    (job.folder / METRICS).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = read_job(job.folder)
    assert guess_seconds([done], done.order, report) == 20
    assert guess_seconds([done], Order("two", "tiny-vicuna"), report) is None
