import json

import pytest

from annotations.published_bars import find_panel, match_name, read_panels


def test_numbers_equal_the_transcribed_file(data_sources):
    told = json.loads((data_sources / "published_figures.json").read_text())
    theirs = [
        {name: tuple(sums) for name, sums in panel.items()}
        for figure in ("figure_4", "figure_5")
        for key, panel in told[figure].items()
        if key[:2] in ("a_", "b_", "c_", "d_")
    ]
    ours = [dict(panel.sums) for panel in read_panels() if panel.kind != "blog"]
    assert ours == theirs


def test_the_announcements_totals_equal_the_transcribed_file(data_sources):
    told = json.loads((data_sources / "published_figures.json").read_text())["vicuna_blog"]
    theirs = [tuple(sums) for name, sums in told.items() if name != "note"]
    (blog,) = [panel for panel in read_panels() if panel.kind == "blog"]
    assert list(blog.sums.values()) == theirs


@pytest.mark.parametrize(
    "kind, reference, percents",
    [
        ("all", "GPT4", [100, 91, 88, 87, 83, 89, 80, 71]),
        ("all", "ChatGPT", [118, 100, 96, 94, 91, 99, 83, 72]),
        ("ranks", "ChatGPT", [91, 89, 89, 91, 92, 94]),
        ("chinese", "GPT4", [92, 64, 35, 79, 36, 33]),
    ],
)
def test_bars_stand_from_top_to_bottom_as_printed(kind, reference, percents):
    bars = find_panel(kind, reference, "vicuna_80").list_bars()
    assert [round(100 * bar.share) for bar in bars] == percents
    assert {bar.source for bar in bars} == {"published"}
    assert all(bar.interval is bar.n_questions is bar.wins is None for bar in bars)


@pytest.mark.parametrize(
    "system, name",
    [
        ("gpt-4-0314", "GPT4"), ("GPT4", "GPT4"), ("gpt-4 (translated)", "GPT4"),
        ("gpt-3.5-turbo:20230327", "ChatGPT"), ("ChatGPT", "ChatGPT"),
        ("bard:20230327", "Bard"), ("alpaca-13b:v1", "Alpaca (13B)"),
        ("llama-13b:v1", "LLaMA (13B)"), ("vicuna-13b:20230322-new-hp-fp16", "Vicuna (13B)"),
        ("LLaMA-GPT4", "LLaMA_GPT4 (7B)"), ("LLaMA_GPT4 (7B, R1)", "LLaMA_GPT4 (7B, R1)"),
        ("LLaMA-GPT4 (7B) R1 (translated)", "LLaMA_GPT4 (7B, R1)"),
        ("LLaMA_GPT4_CN (7B)", "LLaMA_GPT4_CN (7B)"), ("gpt-4o", None), ("gpt-4-turbo", None),
        ("vicuna-13b-v1.5", None), ("alpaca-7b", None), ("LLaMA_GPT4 (13B)", None), ("", None),
    ],
)  # fmt: skip
def test_a_system_is_known_by_its_whole_name(system, name):
    assert match_name(system) == name


@pytest.mark.parametrize("benchmark, found", [("vicuna_80", 1), ("vicuna_80_zh", 1), ("tiny", 0)])
def test_only_the_papers_questions_have_published_bars(benchmark, found):
    assert (find_panel("all", "GPT4", benchmark) is not None) is bool(found)
