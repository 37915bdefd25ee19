import pytest

from annotations.imports.sides import FILE_NAME, name_judge


@pytest.mark.parametrize(
    ("file", "judge", "systems"),
    [
        ("review_alpaca-13b_vicuna-13b.jsonl", None, ("alpaca-13b", "vicuna-13b")),
        ("gpt-3.5-turbo_review_bard_vicuna.jsonl", "gpt-3.5-turbo", ("bard", "vicuna")),
        ("my_judge_reviews_a_b (2).json", "my_judge", ("a", "b")),
        ("review_llama_vicuna(1).jsonl", None, ("llama", "vicuna")),
    ],
)
def test_a_files_name_says_who_judged_whom(file, judge, systems):
    assert name_judge(file) == judge
    assert FILE_NAME.fullmatch(file).groups()[1:] == systems


@pytest.mark.parametrize(
    "file", ["reviews.jsonl", "review_a.jsonl", "review_a_b_c.jsonl", "a_b.csv"]
)
def test_any_other_name_says_nothing(file):
    assert (name_judge(file), FILE_NAME.fullmatch(file)) == (None, None)
