"""What a set of pairs holds, in the words of a preview."""

from collections.abc import Mapping

from annotations.pairing.deciding import Reason
from annotations.pairing.pairs import PairSet

REASONS: Mapping[Reason, str] = {
    "tie": "nobody is ahead",
    "disagreement": "not all agree",
    "criteria": "the criteria have different winners",
    "few_votes": "too few votes",
    "same_answer": "the two answers are one text",
    "unknown_prompt": "the two sides had been told different things before",
}
NO_VOTES = "Nobody has voted on anything that you chose. There is nothing to train on yet."
NO_PAIRS = "No pair is left: see why each was left out, and count ties or disagreement otherwise."


def count_held_out(n_items: int, share: float) -> int:
    """Return how many items training keeps apart to measure on, as its own split does."""
    if share <= 0 or n_items < 2:
        return 0
    return min(n_items - 1, max(1, round(share * n_items)))


def tell_pairs(found: PairSet, share: float = 0.0) -> list[tuple[str, str]]:
    """Return a label and words for each thing to know of a set of pairs.

    Units: `share` of the items that training keeps apart, in [0, 1].
    """
    if not found.n_contests:
        return [("Pairs", NO_VOTES)]
    n_items = len(found.items)
    rows = [
        ("Answers compared", f"{found.n_contests:,}"),
        ("Pairs", tell_size(len(found.pairs), n_items) if found.pairs else NO_PAIRS),
    ]
    rows += [
        (f"Left out: {REASONS[reason]}", f"{found.left_out[reason]:,}")
        for reason in REASONS
        if found.left_out.get(reason)
    ]
    if found.pairs:
        rows.append(("Pairs that somebody saw otherwise", f"{found.n_contested:,}"))
        rows += [(f"From {name}", f"{n:,}") for name, n in found.sources.items()]
    if share > 0 and n_items > 1:
        rows.append(("Kept apart to measure on", tell_split(found, count_held_out(n_items, share))))
    return rows


def tell_size(n_pairs: int, n_items: int) -> str:
    """Return how many pairs there are, and of how many questions."""
    pairs = f"{n_pairs:,} pair{'' if n_pairs == 1 else 's'}"
    return f"{pairs} on {n_items:,} question{'' if n_items == 1 else 's'}"


def tell_split(found: PairSet, n_held_out: int) -> str:
    """Return how the questions are split; one is never on both sides."""
    n_items = len(found.items)
    return f"{n_held_out:,} of {n_items:,} questions, each with all its pairs"
