import pytest

from backend.settings import Settings
from ui.admin.site import build, choose_tab
from ui.server import make_context


@pytest.mark.parametrize(
    ("query", "tab"),
    [({}, "studies"), ({"tab": "people"}, "people"), ({"tab": "x", "study": "s"}, "studies")],
)
def test_an_address_leads_to_a_tab(query, tab):
    assert choose_tab(query) == tab


def test_no_event_of_the_admin_site_has_a_public_name(store):
    site = build(make_context(Settings(), store))
    assert site.fns
    assert {fn.api_visibility for fn in site.fns.values()} == {"private"}
