import csv
import hashlib
import json
from pathlib import Path

import pytest

from annotations.judging.panels import Ask
from annotations.judging.records import choose_scores
from backend.errors import InputError, MissingTool, NotFound
from tests.judged import add_judgment, make_questions
from ui.plates import read_ask, write_relative
from ui.press import Press

VICUNA = "vicuna-13b:20230322-clean-lang"


@pytest.fixture
def judged(store):
    make_questions(store, ("bard", VICUNA, "=cmd"))
    for item, read in enumerate([(8, 9), (10, 4), (7, 7.5)], 1):
        stored = (10, 2) if item == 2 else read
        add_judgment(store, item, ("bard", VICUNA), read, stored=stored)
    add_judgment(store, 1, ("=cmd", VICUNA), None, outcome="refused")
    return store


def read_rows(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_the_csv_has_both_ways_of_scoring_and_the_published(judged, tmp_path):
    (path,) = write_relative(judged, Ask(4), tmp_path / "out", ["csv"])
    rows = read_rows(path)
    found = [
        (row["source"], row["scores"], row["drawn"], row["sum_system"], row["sum_reference"])
        for row in rows
        if row["system"] in ("bard", "Bard")
    ]
    assert found == [
        ("ours", "read", "1", "25", "20.5"), ("published", "", "1", "664", "655.5"),
        ("ours", "stored", "0", "25", "18.5"),
    ]  # fmt: skip
    (failed,) = [row for row in rows if row["system"] == "'=cmd"]
    assert (failed["n_questions"], failed["refused"], failed["percent"]) == ("0", "1", "")


def test_without_judgments_no_row_is_invented(store, tmp_path):
    paths = write_relative(store, Ask(5, judge="x"), tmp_path / "out", ["csv", "html"])
    assert read_rows(paths[0]) == []
    assert "No judgments yet" in paths[1].read_text()


@pytest.mark.parametrize("figure, n_rows", [(4, 32), (5, 22)])
def test_published_numbers_need_no_judgments(store, tmp_path, figure, n_rows):
    (path,) = write_relative(store, Ask(figure, published=True), tmp_path / "o", ["csv"])
    rows = read_rows(path)
    assert len(rows) == n_rows
    assert {row["source"] for row in rows} == {"published"}


def test_a_manifest_says_what_stands_behind_the_files(judged, tmp_path):
    paths = write_relative(judged, Ask(4), tmp_path / "out", ["csv", "html"], command="camelid x")
    told = json.loads(paths[-1].read_text())
    assert (told["command"], told["judgments"]["n"]) == ("camelid x", 4)
    for path, file in zip(paths, told["files"], strict=False):
        assert file["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_without_chromium_the_other_formats_are_written(judged, tmp_path):
    with pytest.raises(MissingTool, match="html and csv work without"):
        write_relative(judged, Ask(4), tmp_path / "o", press=Press(Path("/none")), command="x")
    told = json.loads((tmp_path / "o" / "figure_4.manifest.json").read_text())
    assert [file["name"] for file in told["files"]] == ["figure_4.html", "figure_4.csv"]


def test_an_unknown_name_or_format_writes_nothing(judged, tmp_path):
    with pytest.raises(NotFound, match="by 'x'"):
        write_relative(judged, Ask(4, judge="x"), tmp_path / "out", ["csv"])
    with pytest.raises(InputError, match="gif"):
        write_relative(judged, Ask(4), tmp_path / "out", ["gif"])
    assert not (tmp_path / "out").exists()


def test_what_is_asked_is_read_from_words(store):
    words = {"against": "a\nb", "judge": "", "by": "category", "source": "published"}
    ask = read_ask(store, "5", words)
    assert ask == Ask(5, "read", ("a", "b"), by_category=True, published=True)
    choose_scores(store, "stored", "test")
    assert read_ask(store, "4", {}) == Ask(4, "stored")
    assert read_ask(store, "4", {"scores": "read", "judge": "j"}) == Ask(4, "read", judge="j")


@pytest.mark.parametrize(
    "number, words, problem",
    [
        ("6", {}, "no figure 6 yet. There are: 3, 4, 5"),
        ("4", {"scores": "best"}, "'best' is not known for scores; it can be read or stored"),
        ("4", {"by": "day"}, "'day' is not known for by; it can be category"),
        ("4", {"source": "x"}, "'x' is not known for source"),
    ],
)
def test_what_can_not_be_asked_is_said(store, number, words, problem):
    with pytest.raises((NotFound, InputError), match=problem):
        read_ask(store, number, words)


@pytest.mark.browser
def test_a_picture_says_what_the_judgments_say(judged, tmp_path):
    svg, png = write_relative(judged, Ask(4), tmp_path / "out", ["svg", "png"])
    text = svg.read_text()
    for label in ("25 : 20.5", "122 %", "664 : 655.5", "1 refused", "bard"):
        assert label in text
    assert png.read_bytes().startswith(b"\x89PNG")
