import pytest

from annotations.studies import set_status
from backend.errors import InputError, NotFound
from tests.ledgers import make_study
from ui.admin.desk import read_number
from ui.admin.invitations import describe_links, make_links
from ui.keys import Signer


def test_every_link_is_a_place_of_its_own(store, study):
    signer = Signer("key")
    links = make_links(store, signer, "study", "https://x.example", 3, 2)
    read = [signer.read_invitation(link.rsplit("/", 1)[1], store.clock()) for link in links]
    assert all(link.startswith("https://x.example/invite/") for link in links)
    assert len({one.code for one in read}) == 3
    assert {one.slug for one in read} == {study.slug}
    assert all(0 <= store.clock() + 2 * 24 * 3600 - one.expires_at < 5 for one in read)


@pytest.mark.parametrize(("name", "error"), [("", InputError), (None, InputError), ("x", NotFound)])
def test_links_need_a_study(store, study, name, error):
    with pytest.raises(error):
        make_links(store, Signer("key"), name, "", 1, 1)


def test_links_to_a_study_that_is_not_open_come_with_a_warning(store):
    make_study(store)
    assert "study is draft" in describe_links(store, "study", 1, 90)[-1]
    set_status(store, "study", "open", "test")
    (line,) = describe_links(store, "study", 2, 90)
    assert line.startswith("2 links, each for one person, good for 90 days.")


@pytest.mark.parametrize("value", [None, 0, -1, 2.5, 11, float("nan"), float("inf")])
def test_a_number_out_of_range_is_said_with_its_value(value):
    with pytest.raises(InputError, match=rf"Days is {value}; it can be 1 to 10"):
        read_number("Days", value, 10)


def test_a_whole_number_is_taken(store):
    assert read_number("Days", 3.0, 10) == 3
