import pytest

from backend.settings import Settings
from ui.lab.site import build, choose_tab
from ui.server import make_context


@pytest.mark.parametrize(
    ("query", "tab"),
    [
        ({}, "home"),
        ({"tab": "progress"}, "progress"),
        ({"tab": "nonsense"}, "home"),
        ({"study": "s"}, "results"),
        ({"study": "s", "tab": "home"}, "home"),
        ({"study": ""}, "home"),
    ],
)
def test_an_address_leads_to_a_tab(query, tab):
    assert choose_tab(query) == tab


def test_no_event_of_the_lab_has_a_public_name(store):
    site = build(make_context(Settings(), store))
    assert site.fns
    assert {fn.api_visibility for fn in site.fns.values()} == {"private"}
