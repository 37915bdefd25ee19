"""Small files of questions, answers and reviews, as FastChat writes them."""

import json

from annotations.imports import import_file

QUESTIONS = [
    {"question_id": n, "text": f"What is {n}?", "category": "math" if n == 3 else "generic"}
    for n in (1, 2, 3)
]

PROMPT = {
    "prompt_id": 1, "system_prompt": "Judge.", "description": "x", "category": "general",
    "prompt_template": "Q {question} 1 {answer_1} 2 {answer_2} {prompt}",
    "defaults": {"prompt": "Two scores."},
}  # fmt: skip
REVIEWER = {
    "reviewer_id": "judge", "prompt_id": 1, "category": "general", "description": "x",
    "metadata": {"temperature": 0.2, "max_tokens": 1024},
}  # fmt: skip
MODEL = {"model_id": "m:v1", "model_name": "m", "model_version": "v1", "model_metadata": "x"}


def make_answers(model, prefix):
    """Answers of one model to all questions, called "{prefix}1", "{prefix}2", …"""
    return [
        {"answer_id": f"{prefix}{n}", "question_id": n, "model_id": model, "text": f"{model} {n}"}
        for n in (1, 2, 3)
    ]


def make_reviews(texts=("8 9\nFine.", "7 7\nSame.", "5 6.5\nWell."), first="a", second="v"):
    """Reviews of the answers of two prefixes, with the scores of their first lines."""
    return [
        {
            "review_id": f"r{n}", "question_id": n, "reviewer_id": n, "metadata": {},
            "answer1_id": f"{first}{n}", "answer2_id": f"{second}{n}", "text": text,
            "score": [float(word) for word in text.split("\n")[0].split()],
        }
        for n, text in enumerate(texts, 1)
    ]  # fmt: skip


def write_rows(path, rows):
    """Write rows as JSON Lines, and return the path."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def make_answered(store, folder):
    """Import the questions as "q", and the answers of alpaca:v1 and vicuna:v1."""
    import_file(store, write_rows(folder / "question.jsonl", QUESTIONS), name="q")
    import_file(store, write_rows(folder / "a.jsonl", make_answers("alpaca:v1", "a")))
    import_file(store, write_rows(folder / "v.jsonl", make_answers("vicuna:v1", "v")))
