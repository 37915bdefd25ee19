import json

import pytest

from ui.admin.training.curves import (
    MAX_POINTS,
    PANELS,
    Curve,
    count_steps,
    draw_curves,
    read_points,
)


def log(n, **more):
    return [{"step": step, "n_steps": 2 * n, "loss": 1 / step, **more} for step in range(1, n + 1)]


def test_nothing_is_drawn_before_anything_is_logged():
    assert draw_curves([]) is None
    assert draw_curves([Curve("a", [])]) is None


@pytest.mark.parametrize("n", [1, MAX_POINTS, MAX_POINTS + 1, 10 * MAX_POINTS + 7])
def test_a_long_curve_is_thinned_and_keeps_both_ends(n):
    points = read_points(log(n), "loss")
    assert len(points) <= MAX_POINTS + 1
    assert points[0] == (1, 1) and points[-1] == (n, 1 / n)


@pytest.mark.parametrize("value", [None, "1", True, float("nan"), float("inf")])
def test_what_is_no_number_is_left_out(value):
    lines = [{"step": 1, "loss": value}, {"step": 2, "loss": 3}, {"step": value, "loss": 1}]
    assert read_points(lines, "loss") == [(2, 3)]


def test_all_measures_of_all_jobs_are_drawn_over_the_same_steps():
    figure = draw_curves([Curve("a", log(5)), Curve("b", log(8)), Curve("none", [])])
    assert len(figure.data) == 2 * len(PANELS)
    assert {line.xaxis for line in figure.data} == {"x"} and figure.layout.showlegend
    assert len({line.yaxis for line in figure.data}) == len(PANELS)
    assert list(figure.layout.xaxis.range) == [0, 16]
    assert len({line.line.color for line in figure.data}) == 2


def test_what_was_measured_on_held_out_rows_is_marked():
    figure = draw_curves([Curve("a", [*log(3), {"step": 3, "eval_loss": 0.5}])])
    held = [line for line in figure.data if line.mode == "markers"]
    assert [list(line.y) for line in held] == [[0.5]]


def test_a_name_is_no_markup_and_no_template():
    figure = draw_curves([Curve("<b>%{x}", log(2)), Curve("other", log(2))])
    told = json.loads(figure.to_json())["data"]
    assert all("<b>" not in line["hovertemplate"] + line["name"] for line in told)


def test_the_steps_of_a_job_that_has_ended_go_as_far_as_it_came():
    lines = [{**line, "n_steps": 9} for line in log(5)]
    assert count_steps([Curve("a", lines)]) == 9
    assert count_steps([Curve("a", lines, ended=True)]) == lines[-1]["step"]


@pytest.mark.parametrize(
    ("step", "end"), [(1, 15.625), (8, 15.625), (499, 500), (500, 500), (501, 1000), (1000, 1000)]
)
def test_a_curve_fills_half_of_the_axis_from_early_on(step, end):
    lines = [{"step": step, "n_steps": 1000, "loss": 3}, {"step": step, "eval_loss": 3}]
    assert count_steps([Curve("a", lines)]) == end
    assert count_steps([Curve("a", lines), Curve("b", log(700), ended=True)]) == max(end, 1000)
