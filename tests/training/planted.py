"""Preferences that everybody can check: of two answers the one with more kind words is better."""

from itertools import combinations, permutations
from random import Random

from backend.dialogue import Message
from training.rows import Pair

PLAIN = ["river", "stone", "cloud", "paper", "window", "garden", "music", "bread", "yellow",
         "quiet", "seven", "morning", "table", "winter", "letter", "silver"]  # fmt: skip
KIND = ["please", "thanks", "gladly", "welcome"]


def count_kind(text):
    """The truth that a reward model is to find."""
    return sum(word in KIND for word in text.split())


def make_answer(rng, n_kind):
    words = [*rng.choices(PLAIN, k=rng.randint(3, 6)), *rng.choices(KIND, k=n_kind)]
    rng.shuffle(words)
    return " ".join(words)


def make_question(rng):
    return say_about(rng.sample(PLAIN, 2))


def say_about(words):
    return "Say something about " + " and ".join(words)


def plant_pairs(n_items, seed=1, k=3):
    """All C(k, 2) pairs of k answers to each question; no two answers are equally kind."""
    rng = Random(seed)
    pairs = []
    subjects = list(permutations(PLAIN, 2))  # so that nothing is asked twice
    rng.shuffle(subjects)
    for place, words in enumerate(subjects[:n_items]):
        question = Message("user", say_about(words))
        answers = [make_answer(rng, n) for n in sorted(rng.sample(range(4), k), reverse=True)]
        pairs += [
            Pair((question,), high, low, len(pairs) + 1, f"q{place}")
            for high, low in combinations(answers, 2)
        ]
    return pairs
