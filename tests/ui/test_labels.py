import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.judging.bars import Bar, make_bars
from annotations.judging.panels import Ask, arrange_panels, make_published_panels
from annotations.statistics import Interval
from tests.verdicts import judge, make_material
from ui.labels import (
    NOTHING,
    describe_foot,
    describe_panel,
    fit_name,
    measure_cells,
    say_difference,
    say_exception,
    say_interval,
    say_share,
    say_signed,
    say_sums,
    wrap,
)


@given(st.text(), st.integers(4, 40))
def test_a_name_fits_and_has_no_mark_up(name, most):
    shown = fit_name(name, most)
    assert "<" not in shown
    plain = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert measure_cells(plain) <= max(most, 0) or plain == name
    assert measure_cells(plain) <= most


def test_a_long_name_keeps_both_ends_and_wide_letters_count_twice():
    assert fit_name("vicuna-13b-v1.1-epoch-1-final", 12) == "vicuna…final"
    assert fit_name("通义千问七十亿参数", 9) == "通义…参数"
    assert fit_name("short", 12) == "short"


@given(st.text("ab 汉<>&;", max_size=80), st.integers(1, 30))
def test_wrapping_loses_no_word(text, most):
    lines = wrap(text, most).split("<br>")
    assert " ".join(lines).split() == text.split()
    assert all(measure_cells(line) <= most or " " not in line for line in lines)


@pytest.mark.parametrize(
    "bar, sums, share",
    [
        (Bar("a", "b", "j", 583.0, 704.0), "583 : 704", "83 %"),
        (Bar("a", "b", "j", 1664.0, 657.5), "1,664 : 657.5", "253 %"),
        (Bar("a", "b", "j", 8.25, 10.0), "8.25 : 10", "82 %"),
        (Bar("a", "b", "j", None, None), "", "no scores"),
        (Bar("a", "b", "j", 5.0, 0.0), "5 : 0", "reference has only zeros"),
    ],
)
def test_sums_and_shares_are_written_as_the_paper_does(bar, sums, share):
    assert (say_sums(bar), say_share(bar)) == (sums, share)


def test_intervals_and_differences_have_their_signs():
    assert say_interval(Interval(0.794, 0.857)) == " (79–86)"
    assert say_interval(None) == ""
    assert [say_signed(value) for value in (1.26, -1.26, -0.01, 0.0)] == [
        "+1.3",
        "−1.3",
        "0.0",
        "0.0",
    ]
    bar = Bar("a", "b", "j", 1.0, 2.0, mean_difference=-1.5, difference_interval=Interval(-2, -1))
    assert say_difference(bar) == "−1.5 (−2.0 to −1.0)"


def test_a_bar_tells_its_own_number_where_bars_differ():
    even = make_bars([judge(1), judge(1, systems=("bard", "gpt-4"))], scores="read")
    odd = make_bars([judge(1), judge(2), judge(1, None, systems=("bard", "gpt-4"))], scores="read")
    assert [say_exception(bar, even) for bar in even] == ["", ""]
    assert [say_exception(bar, odd) for bar in odd] == ["n = 2", "n = 0, 1 failed"]


def test_a_panel_says_judge_questions_judgments_failures_and_scores():
    judgments = [judge(1), judge(1, slot=1), judge(2, None), judge(3, None, outcome="api_error")]
    (panel,) = arrange_panels(make_material(judgments), Ask(4))
    assert describe_panel(panel) == (
        "Judge judge, protocol camelid; n = 1 question, 2 judgments a bar; "
        "2 failed: 1 unreadable, 1 api error; scores as read from the text"
    )


def test_a_panel_of_wins_without_scores_counts_what_was_decided():
    judged = [judge(1, None, given_winner="1"), judge(2, None, given_winner="tie")]
    (panel,) = arrange_panels(make_material(judged), Ask(4))
    assert "n = 2 questions, wins without scores; no failures" in describe_panel(panel)


def test_a_panel_by_category_counts_no_failure_twice():
    judgments = [judge(1, category="math"), judge(2, None, category="math"), judge(3)]
    (panel,) = arrange_panels(make_material(judgments), Ask(4, by_category=True))
    told = describe_panel(panel)
    assert "n = 2 questions, 2 judgments a bar; 1 failed: 1 unreadable" in told


def test_an_assumed_judge_is_said_to_be_and_its_name_is_no_mark_up():
    (panel,) = arrange_panels(make_material([judge(1, judge="<i>", judge_assumed=True)]), Ask(4))
    assert describe_panel(panel).startswith("Judge &lt;i&gt; (assumed)")
    assert "no failures" in describe_panel(panel)


def test_the_foot_names_sources_and_what_is_odd():
    judgments = [judge(1, systems=("gpt-4", "chatgpt")), judge(2, source="reviews.jsonl")]
    lines = describe_foot(arrange_panels(make_material(judgments), Ask(4)))
    assert lines[0].startswith("Judgments from 1 run and 1 imported file. Whiskers: 95 % interval")
    assert any(line.startswith("Hatched: Peng et al. 2023") for line in lines)
    assert any("613 : 521" in line for line in lines)


def test_published_figures_and_no_figure_have_a_foot_too():
    lines = describe_foot(make_published_panels(5))
    assert lines[0].startswith("Hollow: Peng et al.")
    assert "no whiskers" in lines[0]
    assert lines[1].startswith("Vicuna's row")
    assert describe_foot([]) == [NOTHING]
