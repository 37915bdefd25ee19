import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.accounts import Account
from backend.errors import InputError
from ui.pieces import link_to, show_bar, show_done, show_header, show_problem, show_table

NASTY = "<img src=x onerror=alert(1)>"


def test_an_admin_sees_the_way_to_the_admin_site_and_a_researcher_does_not():
    assert 'href="/admin/"' in show_header(Account("ada", "admin"), "Lab")
    assert 'href="/admin/"' not in show_header(Account("bob", "researcher"), "Lab")


def test_the_header_names_who_is_logged_in_and_the_way_out():
    header = show_header(Account("ada", "admin"), "Admin")
    assert "ada, admin" in header
    assert 'href="/logout"' in header


@given(st.text())
def test_no_text_becomes_a_tag(text):
    for html in (
        show_problem(InputError(text)),
        show_done(text),
        show_table(text, [text], [[text]]),
        show_header(Account(text, "admin"), "Lab"),
        show_bar(1, 2, text),
    ):
        assert html.count("<") == html.count(">")
        for tag in ("<img", "<script", "<a x"):
            assert tag not in html


@pytest.mark.parametrize("show", [show_problem, show_done])
def test_a_sentence_is_shown_as_it_was_written(show):
    assert "&lt;img src=x onerror=alert(1)&gt;" in show(NASTY)


def test_a_blank_line_does_not_end_the_html():
    assert "\n" not in show_done("one\n\n<b>two</b>")


def test_a_bar_never_runs_over():
    assert 'value="5" max="5"' in show_bar(7, 5, "saved")
    assert "7 of 5" in show_bar(7, 5, "saved")


def test_a_study_of_any_name_has_an_address():
    assert link_to("/lab/", study="a b&c/ü") == "/lab/?study=a+b%26c%2F%C3%BC"
