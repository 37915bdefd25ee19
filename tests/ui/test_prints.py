import csv
import hashlib
import json
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from backend.errors import InputError, MissingTool
from tests.ledgers import add_ballot, add_published, make_study
from ui.press import Press
from ui.prints import FORMATS, MANIFEST, write_figure3

MAGIC = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF"}


@pytest.fixture
def study(store):
    made = make_study(store, n_items=252, benchmark="user_oriented_252")
    add_published(store, "a")
    return made


def test_numbers_behind_the_figure_hold_ours_and_the_published(store, study, tmp_path):
    (path,) = write_figure3(store, study, tmp_path / "out", ["csv"])
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["source"] for row in rows] == ["ours"] * 9 + ["published"] * 9
    ours, published = rows[:9], rows[9:]
    assert [row["n"] for row in ours] == [row["n"] for row in published]
    assert [row["percent"] for row in published[:3]] == ["54.12", "19.74", "26.14"]
    assert all(row["low"] for row in ours)
    assert not any(row["low"] for row in published)


def test_without_votes_no_share_is_invented(store, tmp_path):
    (path,) = write_figure3(store, make_study(store), tmp_path / "out", ["csv"])
    rows = [row for row in csv.DictReader(path.read_text().splitlines()) if row["source"] == "ours"]
    assert {row["n"] for row in rows} == {"0"}
    assert not any(row["share"] or row["percent"] or row["low"] for row in rows)


def test_an_unknown_format_is_named(store, study, tmp_path):
    with pytest.raises(InputError, match="gif; choose from png, svg, pdf, html, csv"):
        write_figure3(store, study, tmp_path, ["csv", "gif"])


def test_without_chromium_the_other_formats_are_written(store, study, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(MissingTool, match="html and csv work without"):
        write_figure3(store, study, out, press=Press(Path("/nowhere/chromium")))
    assert sorted(path.name for path in out.iterdir()) == ["figure_3.csv", "figure_3.html"]


def test_a_manifest_says_what_stands_behind_the_files(store, study, tmp_path):
    paths = write_figure3(store, study, tmp_path / "out", ["csv", "html"], command="camelid x")
    assert paths[-1].name == MANIFEST
    told = json.loads(paths[-1].read_text())
    assert told["command"] == "camelid x"
    for path, file in zip(paths, told["files"], strict=False):
        assert file["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [one["n"] for one in told["counts"]] == [704] * 3


def test_without_chromium_the_manifest_names_what_is_there(store, study, tmp_path):
    with pytest.raises(MissingTool):
        write_figure3(store, study, tmp_path / "out", press=Press(Path("/none")), command="x")
    told = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert [file["name"] for file in told["files"]] == ["figure_3.html", "figure_3.csv"]


def test_a_page_replaces_the_one_before(store, study, tmp_path):
    (page,) = write_figure3(store, study, tmp_path / "out", ["html"])
    before = page.read_text()
    add_ballot(store, ["tie", "tie", "tie"])
    assert write_figure3(store, study, tmp_path / "out", ["html"]) == [page]
    assert page.read_text() != before
    assert list(page.parent.iterdir()) == [page]


def test_a_page_asks_for_no_script_from_elsewhere(store, study, tmp_path):
    (page,) = write_figure3(store, study, tmp_path / "out", ["html"])
    text = page.read_text()
    assert "<script src" not in text
    assert "<link" not in text
    assert "cdn.plot.ly/plotly" not in text


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_format_is_written_whole(store, study, tmp_path, theme):
    paths = write_figure3(store, study, tmp_path / "out", theme=theme)
    assert [path.suffix[1:] for path in paths] == list(FORMATS)
    for path in paths:
        assert path.read_bytes().startswith(MAGIC.get(path.suffix[1:], b""))
        assert path.stat().st_size > 1000
    assert len(list((tmp_path / "out").iterdir())) == len(FORMATS)


@pytest.mark.browser
def test_a_picture_says_what_the_votes_say(store, study, tmp_path):
    (path,) = write_figure3(store, study, tmp_path / "out", ["svg"])
    text = path.read_text()
    for label in ("54.1 %", "19.7 %", "26.1 %", "(381)", "LLaMA-GPT4"):
        assert label in text


@pytest.mark.browser
def test_a_page_is_drawn_without_any_request(store, study, tmp_path):
    (path,) = write_figure3(store, study, tmp_path / "out", ["html"])
    asked = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert page.locator(".slice").count() == 9
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
