import json
import time
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import InputError
from training.data.rows import MOST_DEPTH, Row, Scanner, read_rows

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
OBJECTS = st.lists(st.dictionaries(WORDS, WORDS | st.integers(-9, 9) | st.none(), max_size=3))


def scan(text, most=1_000):
    return [dict(row.fields) for row in Scanner(StringIO(text), most).scan()]


def read(tmp_path, content):
    path = tmp_path / "rows.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(path))


@settings(max_examples=50)
@given(OBJECTS.filter(bool), st.sampled_from([None, 1]), st.booleans())
def test_a_window_of_any_size_gives_the_same_rows(rows, indent, as_array):
    told = [json.dumps(row, indent=indent, ensure_ascii=False) for row in rows]
    text = f"[{','.join(told)}]" if as_array else "\n".join(told)
    assert scan(text, max(map(len, told))) == rows


def test_rows_are_counted_from_one_in_a_list_and_in_lines(tmp_path):
    for text in ('[{"a": 1},\n\n{"a": 2}]\n', '{"a": 1}\r\n{"a": 2}', '\ufeff{"a": 1} {"a": 2}'):
        assert [(row.line, row.fields["a"]) for row in read(tmp_path, text)] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "is empty"),
        (" \n ", None, "is empty"),
        ('{"a": 1}\n{"a": }', 2, "no JSON"),
        ('[{"a": 1}, 3]', 2, "should be an object, it is 3"),
        ('[{"a": 1}', 1, "a comma or the end should come"),
        ('[{"a": 1},', 1, "cut off"),
        ('[{"a": 1}] {"a": 2}', 1, "there is more"),
        ("a,b\n1,2", 1, "no JSON"),
        ('{"a": NaN}', 1, "NaN is no number"),
        ('{"a": -Infinity}', 1, "Infinity is no number"),
        ('{"a": 1, "a": 2}', 1, "'a' comes twice"),
        ('{"a": "\\ud83d"}', 1, "half of a surrogate pair"),
        ('{"\\ud83d": 1}', 1, "half of a surrogate pair"),
        ('{"a": ' + "9" * 5000 + "}", 1, "no JSON that can be taken"),
        ('{"a": ' + "[" * 100_000, 1, "nested too deeply"),
        ('{"a": ' + "[" * MOST_DEPTH + "]" * MOST_DEPTH + "}", 1, "nested deeper than"),
    ],
)
def test_a_broken_file_is_refused_with_its_row(tmp_path, text, line, words):
    with pytest.raises(InputError, match=words) as caught:
        read(tmp_path, text)
    assert caught.value.line == line


def test_what_is_no_utf8_is_refused(tmp_path):
    with pytest.raises(InputError, match="not UTF-8"):
        read(tmp_path, b'{"a": "\xff"}')


def test_a_row_that_is_too_long_is_refused_and_its_neighbour_not():
    short, long = json.dumps({"a": "x" * 40}), json.dumps({"a": "x" * 90})
    assert len(scan(f"{short}\n{short}", 60)) == 2
    for text in (f"{short}\n{long}", f"{short}\n{long}\n{short * 9}", f"[{short},{long}]"):
        with pytest.raises(InputError, match="60 characters") as caught:
            scan(text, 60)
        assert caught.value.line == 2


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="is no file"):
        list(read_rows(tmp_path))


def test_a_field_of_another_kind_is_named_with_its_value():
    row = Row(7, {"text": 3, "list": {}, "number": "9", "huge": 1e300, "object": []})
    for ask, words in (
        (lambda: row.text("text"), "'text' should be text, it is 3"),
        (lambda: row.text("gone"), "'gone' is missing"),
        (lambda: row.parts("list"), "'list' should be a list, it is an object"),
        (lambda: row.number("number"), "'number' should be a number, it is '9'"),
        (lambda: row.number("huge"), "out of all bounds"),
        (lambda: row.inner(row.fields["object"], "object"), "should hold objects"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            ask()
        assert caught.value.line == 7


def test_object_with_many_names_is_read_once():
    names = ",".join(f'"{n}":1' for n in range(40_000))
    start = time.process_time()
    with pytest.raises(InputError, match="'39999' comes twice"):
        scan(f'[{{{names},"39999":1}}]', 1_000_000)
    assert time.process_time() - start < 3  # counting each name among all took 15
