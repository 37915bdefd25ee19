import pytest

from annotations.imports import import_file
from annotations.judging.panels import (
    Ask,
    arrange_panels,
    check_ask,
    list_judges,
    list_references,
    make_panels,
    make_published_panels,
)
from annotations.ranking import Ranked
from backend.errors import NotFound
from tests.judged import add_judgment, make_questions
from tests.verdicts import judge, make_material

OURS = "LLaMA-GPT4 (7B)"
RANKS = [
    *(Ranked(f"{OURS} R{rank}", OURS, rank, "reward", 5) for rank in range(1, 6)),
    Ranked("plain", OURS, 0, "reward", 5),
]


def arrange(judgments, ask=None, **known):
    return arrange_panels(make_material(judgments, **known), ask or Ask(4))


def draw_systems(*names, reference="gpt-4", **fields):
    return [judge(item, systems=(name, reference), **fields) for name in names for item in (1, 2)]


def test_lines_stand_as_the_paper_prints_them_and_others_below():
    names = ("other", "llama-13b:v1", "bard:20230327", "GPT-4", "LLaMA-GPT4 R1", OURS, "another")
    (panel,) = arrange(draw_systems(*names))
    assert [line.label for line in panel.lines] == [
        "GPT-4", "bard:20230327", "LLaMA-GPT4 R1", OURS, "llama-13b:v1", "other", "another",
    ]  # fmt: skip
    assert (panel.letter, panel.kind) == ("d", "all")
    assert [bar.sum_system for bar in panel.published] == [760, 633, 631, 606, 520]


@pytest.mark.parametrize(
    "reference, letter", [("gpt-3.5-turbo:20230327", "c"), ("GPT-4", "d"), ("gpt-4o", "")]
)
def test_a_panel_has_the_papers_letter_where_the_reference_is_the_papers(reference, letter):
    (panel,) = arrange(draw_systems("alpaca-13b", reference=reference))
    assert panel.letter == letter
    assert bool(panel.published) is bool(letter)


def test_other_questions_have_nothing_published_beside_them():
    (panel,) = arrange(draw_systems("alpaca-13b", benchmark="user_oriented_252"))
    assert (panel.letter, panel.published) == ("", [])


def test_ranks_have_a_panel_of_their_own_and_the_first_stands_among_all():
    names = [one.system for one in RANKS]
    ranks, everything = arrange(draw_systems(*names, "bard"), ranked=RANKS)
    assert [line.label for line in ranks.lines] == ["B", "5", "4", "3", "2", "1"]
    assert (ranks.letter, everything.letter) == ("b", "d")
    assert [bar.sum_system for bar in ranks.published] == [606, 605, 602, 615, 614, 631]
    assert {bar.system for bar in everything.bars} == {"bard", f"{OURS} R1", "plain"}


@pytest.mark.parametrize("base, n", [("other", 5), (OURS, 4)])
def test_other_ranks_have_nothing_published_beside_them(base, n):
    ranked = [Ranked("r1", base, 1, "reward", n), Ranked("r2", base, 2, "reward", n)]
    ranks = arrange(draw_systems("r1", "r2"), ranked=ranked)[0]
    assert (ranks.kind, ranks.published) == ("ranks", [])


def test_figure_5_tells_translated_from_written_in_chinese():
    mine, theirs = "alpaca-13b (translated)", "gpt-4 (translated)"
    judgments = [
        one
        for system, reference in (
            (mine, theirs), (mine, "gpt-4"), ("alpaca-13b", theirs), ("vicuna-13b", "gpt-4"),
            ("alpaca-13b", "gpt-4"), ("vicuna-13b", theirs),
        )
        for one in draw_systems(system, reference=reference, benchmark="vicuna_80_zh")
    ]  # fmt: skip
    panels = arrange(judgments, Ask(5), translated=(mine, theirs))
    assert [(one.letter, one.reference) for one in panels] == [
        ("a", theirs), ("b", "gpt-4"), ("c", theirs), ("c", "gpt-4"),
    ]  # fmt: skip
    beside = [[bar.sum_system for bar in one.published] for one in panels]
    assert beside == [[539], [551], [259], [545]]


def test_a_bar_of_the_paper_that_is_odd_is_told_of_where_it_stands():
    (with_it,) = arrange(draw_systems("gpt-4", "bard", reference="chatgpt"))
    (without,) = arrange(draw_systems("bard", reference="chatgpt"))
    assert "613 : 521" in with_it.notes[0]
    assert without.notes == ()


def test_canaries_are_left_out_and_the_panel_says_so():
    (panel,) = arrange(draw_systems("bard", "canary: null answer"))
    assert [line.label for line in panel.lines] == ["bard"]
    assert panel.notes == ("Left out: 2 judgments of canaries.",)


def test_by_category_a_system_has_a_panel_with_all_questions_on_top():
    judgments = [
        judge(item, category=("math", "coding")[item % 2], systems=(name, "gpt-4"))
        for name in ("x", "y")
        for item in range(4)
    ]
    panels = arrange(judgments, Ask(4, by_category=True))
    assert [panel.title for panel in panels] == [
        f"{name} against gpt-4, by category" for name in ("x", "y")
    ]
    for panel in panels:
        assert [line.label for line in panel.lines] == ["all questions", "math", "coding"]
        assert [bar.n_questions for bar in panel.bars] == [4, 2, 2]
        assert panel.published == []


def test_against_turns_judgments_and_drops_the_others():
    judgments = [*draw_systems("bard", reference="x"), *draw_systems("y", reference="z")]
    (panel,) = arrange(judgments, Ask(4, against=("bard",)))
    assert [(bar.system, bar.reference) for bar in panel.bars] == [("x", "bard")]


def test_judges_have_panels_of_their_own():
    judgments = [*draw_systems("bard"), *draw_systems("bard", judge="b")]
    assert [panel.judge for panel in arrange(judgments)] == ["judge", "b"]


def test_published_panels_are_those_of_the_paper():
    assert [one.letter for one in make_published_panels(4)] == ["a", "b", "c", "d", ""]
    a, _, c = make_published_panels(5)
    assert [line.label for line in c.lines][:2] == ["GPT4", "LLaMA_GPT4_CN (7B)"]
    assert (a.bars, len(a.published)) == ([], 8)


@pytest.fixture
def judged(store):
    make_questions(store)
    add_judgment(store, 1, ("alpaca", "vicuna"), (8, 9), judge="one")
    add_judgment(store, 2, ("vicuna", "bard"), (7, 9), judge="two")
    return store


def test_panels_come_from_the_ledger(judged):
    panels = make_panels(judged, Ask(4))
    assert [(one.judge, one.reference) for one in panels] == [("one", "vicuna"), ("two", "bard")]
    assert [one.judge for one in make_panels(judged, Ask(4, judge="two"))] == ["two"]
    assert make_panels(judged, Ask(4, benchmark="other")) == []
    assert make_panels(judged, Ask(5)) == []


def test_chinese_questions_belong_to_figure_5(store):
    make_questions(store, benchmark="vicuna_80_zh", lang="zh")
    add_judgment(store, 1, ("alpaca", "vicuna"), (8, 9))
    assert make_panels(store, Ask(4)) == []
    assert [one.kind for one in make_panels(store, Ask(5))] == ["chinese"]


def test_what_may_be_chosen_is_listed(judged):
    assert list_references(judged, 4) == ["vicuna", "bard", "alpaca"]
    assert list_judges(judged, 4) == ["one", "two"]
    assert (list_references(judged, 5), list_judges(judged, 5)) == ([], [])


@pytest.mark.parametrize(
    "ask, words",
    [
        (Ask(4, against=("x",)), "against 'x'. There are: alpaca, bard, vicuna"),
        (Ask(4, judge="x"), "by 'x'. There are: one, two"),
        (Ask(4, benchmark="x"), "on 'x'. There are: vicuna_80"),
    ],
)
def test_a_name_that_no_judgment_has_is_refused(judged, ask, words):
    with pytest.raises(NotFound, match=words):
        check_ask(judged, ask)
    check_ask(judged, Ask(5, judge="x"))  # there are none at all


def test_a_canary_is_nothing_to_draw_against(store):
    canary = "canary: null answer"
    make_questions(store, ("alpaca", "vicuna", canary))
    add_judgment(store, 1, (canary, "vicuna"), (1, 9), judge="other")
    assert (list_references(store, 4), list_judges(store, 4)) == ([], [])
    add_judgment(store, 1, ("alpaca", "vicuna"), (8, 9))
    assert list_references(store, 4) == ["vicuna", "alpaca"]
    with pytest.raises(NotFound, match="There are: alpaca, vicuna"):
        check_ask(store, Ask(4, against=(canary,)))


@pytest.mark.slow
def test_the_totals_of_vicunas_announcement_come_out(store, data_sources):
    folder = data_sources / "vicuna_80"
    import_file(store, folder / "question.jsonl")
    for kind in ("answers", "reviews"):
        for path in sorted((folder / kind).iterdir()):
            import_file(store, path)
    stored, read = (find_totals(store, scores) for scores in ("stored", "read"))
    assert stored == {
        "gpt-3.5-turbo:20230327": (693, 638), "bard:20230327": (664, 655.5),
        "alpaca-13b:v1": (583, 704), "llama-13b:v1": (513, 694),
    }  # fmt: skip
    assert read == stored | {"bard:20230327": (664, 657.5), "llama-13b:v1": (513, 696)}


def find_totals(store, scores):
    """The sums against the Vicuna of the announcement; what was published stands beside them."""
    panel = make_panels(store, Ask(4, scores))[0]
    assert panel.reference == "vicuna-13b:20230322-clean-lang"
    if scores == "stored":
        for line in panel.lines:
            assert line.published.sum_system == line.bar.sum_system
            assert line.published.sum_reference == line.bar.sum_reference
    return {bar.system: (bar.sum_system, bar.sum_reference) for bar in panel.bars}
