import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.annotators import find_annotator
from annotations.assignment import take_next
from tests.houses import HERE, open_house
from ui.meter import N_KEPT, Meter, find_quantile

pytestmark = pytest.mark.slow

SAVE = 3  # the number of the save button's function


def test_a_meter_that_saw_nothing_invents_nothing():
    reading = Meter().read()
    assert (reading.n_saves, reading.p50_s, reading.p95_s) == (0, None, None)
    assert set(reading.refused.values()) == {0}


def test_saves_are_timed_and_failed_ones_are_not():
    clock = iter([0.0, 10.0, 10.5, 20.0, 99.0])
    meter = Meter(lambda: next(clock))
    with meter.time_save():
        pass
    with pytest.raises(ValueError), meter.time_save():
        raise ValueError
    reading = meter.read()
    assert (reading.n_saves, reading.p50_s, reading.uptime_s) == (1, 0.5, 99.0)


def test_only_refusals_are_counted():
    meter = Meter()
    for status in (200, 303, 401, 401, 404, 413, 429, 500):
        meter.count_answer(status)
    assert meter.read().refused == {401: 2, 403: 0, 413: 1, 429: 1}


def test_only_the_last_saves_are_kept():
    meter = Meter()
    for _ in range(N_KEPT + 5):
        with meter.time_save():
            pass
    assert meter.read().n_saves == N_KEPT


@given(st.lists(st.floats(0, 9), min_size=1), st.sampled_from([0.5, 0.95]))
def test_a_quantile_is_one_of_the_values_with_enough_below(values, share):
    found = find_quantile(sorted(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_the_app_times_a_save_and_counts_who_it_refused(tmp_path):
    with open_house(tmp_path) as house:
        annotator = find_annotator(house.store, house.study.study_id, "CODE")
        ticket = take_next(house.store, house.study, annotator).task.ticket
        event = {
            "data": [ticket, "", "left", "tie", "right"],
            "fn_index": SAVE,
            "session_hash": "s",
        }
        path = "/annotate/gradio_api/run/predict"
        house.become("nobody")
        assert house.client.post(path, json=event, headers=HERE).status_code == 401
        house.become("annotator")
        assert house.client.post(path, json=event, headers=HERE).status_code == 200
        reading = house.context.meter.read()
    assert (reading.n_saves, reading.refused[401]) == (1, 1)
    assert 0 < reading.p50_s < 5
