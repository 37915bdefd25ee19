"""Words for judgments that the list and a single one share."""

from annotations.judging.records import Judgment, Scores
from backend.judge.records import Slot, VerdictOutcome

OUTCOMES: dict[VerdictOutcome, str] = {
    "ok": "Read",
    "unreadable": "Unreadable",
    "refused": "Refused",
    "filtered": "Filtered",
    "truncated": "Cut off",
    "empty": "Empty",
    "api_error": "No reply",
}
SCORES: dict[Scores, str] = {"read": "Read from the text", "stored": "As the file stored them"}
NO_SCORE = "–"


def say_score(score: float | None) -> str:
    """Return a score as people write it; a dash where there is none."""
    return NO_SCORE if score is None else f"{score:g}"


def say_scores(scores: tuple[float | None, float | None] | None) -> str:
    """Return two scores, or the one of a single answer: "8 : 9"."""
    if scores is None:
        return NO_SCORE
    first, second = scores
    return say_score(first) if second is None else f"{say_score(first)} : {say_score(second)}"


def say_judge(judgment: Judgment) -> str:
    """Return who judged, and whether that is only assumed."""
    return f"{judgment.judge} (assumed)" if judgment.judge_assumed else judgment.judge


def say_outcome(judgment: Judgment, scores: Scores) -> str:
    """Return how asking ended; what a person read goes before what the program could."""
    if judgment.by_hand is not None:
        return "Read by hand"
    if judgment.hand_unreadable:
        return "Unreadable, by hand"
    if judgment.outcome == "ok" and judgment.score(scores) is None and judgment.winner(scores):
        return "Winner only"
    return OUTCOMES[judgment.outcome]


def name_winner(judgment: Judgment, winner: Slot | None) -> str:
    """Return the system that a judgment prefers; "Tie", or nothing where it says nothing."""
    if winner is None:
        return ""
    if winner == "tie":
        return "Tie"
    return judgment.system_1 if winner == "1" else judgment.system_2 or ""
