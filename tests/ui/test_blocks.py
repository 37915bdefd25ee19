import gradio as gr
import pytest

from ui.blocks import Site

WISHES = {
    "status_update_rate": 10, "api_open": False, "max_size": 64, "default_concurrency_limit": 16
}  # fmt: skip


def read_settings(site):
    plain = (bool, int, float, str, type(None))
    return {name: value for name, value in vars(site._queue).items() if isinstance(value, plain)}


@pytest.mark.parametrize("wishes", [{}, WISHES])
def test_a_site_waits_as_gradio_does_but_builds_no_app_for_it(wishes):
    ours, theirs = Site().queue(**wishes), gr.Blocks().queue(**wishes)
    assert read_settings(ours) == read_settings(theirs)
    assert ours.api_open == theirs.api_open
    assert "app" in vars(theirs) and "app" not in vars(ours)
