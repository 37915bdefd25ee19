import pytest

from backend.settings import read_settings
from ui.terminal import find_address, show_fields, show_table


@pytest.mark.parametrize(
    "given, address",
    [
        ({}, "http://127.0.0.1:7860"),
        ({"host": "0.0.0.0", "port": 80}, "http://localhost:80"),
        ({"host": "::1"}, "http://[::1]:7860"),
        ({"host": "lab.example"}, "http://lab.example:7860"),
        ({"host": "::", "public_url": "https://lab.example"}, "https://lab.example"),
    ],
)
def test_address_is_what_people_type(given, address):
    assert find_address(read_settings(**given)) == address


def test_columns_are_as_wide_as_they_need(capsys):
    show_table(("A", "LONG"), [("first", 1), ("x", 22)])
    show_fields([("a", 1), ("bcd", 2)])
    assert capsys.readouterr().out == "A      LONG\nfirst  1\nx      22\na    1\nbcd  2\n"
