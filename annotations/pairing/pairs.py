"""Pairs of answers of which one was preferred, made from votes and judgments; nothing is asked."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from annotations.pairing.chats import read_chats
from annotations.pairing.contests import Contest, Prompt, merge_contests
from annotations.pairing.deciding import Reason, Verdict, decide
from annotations.pairing.voices import read_judged, read_voted
from annotations.pairing.wishes import PairWish, check_wish
from annotations.store import Store


@dataclass(frozen=True, slots=True)
class PreferredPair:
    """Two answers to one prompt, the first of which is preferred.

    Units: `margin` is the winner's lead in [0, 1], None unless it was asked for.
    """

    item: str
    prompt: Prompt
    chosen: str
    rejected: str
    margin: float | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PairSet:
    """The pairs that a wish makes, and what makes none of those that had votes, by its reason."""

    pairs: tuple[PreferredPair, ...]
    left_out: Mapping[Reason, int]
    n_contested: int = 0

    @property
    def n_contests(self) -> int:
        """Return how many pairs of answers anybody voted on."""
        return len(self.pairs) + sum(self.left_out.values())

    @property
    def items(self) -> list[str]:
        """Return what the pairs are about, each once."""
        return list(dict.fromkeys(pair.item for pair in self.pairs))

    @property
    def sources(self) -> dict[str, int]:
        """Return how many pairs come from where; one can have several sources."""
        return dict(Counter(name for pair in self.pairs for name in pair.sources))


def make_pairs(store: Store, wish: PairWish) -> PairSet:
    """Return the pairs that a wish makes of the ledger as it stands.

    Errors: InputError for a wish that makes no sense; NotFound for an unknown study, judge or
    benchmark.
    """
    check_wish(wish)
    with store.snapshot():
        contests = [*read_voted(store, wish), *read_judged(store, wish), *read_chats(store, wish)]
    return pair_up(merge_contests(contests), wish)


def pair_up(contests: Iterable[Contest], wish: PairWish) -> PairSet:
    """Return contests as pairs, and count those that make none."""
    pairs: list[PreferredPair] = []
    left_out: Counter[Reason] = Counter()
    n_contested = 0
    for contest in contests:
        if not contest.n_votes:
            continue
        verdict = judge(contest, wish)
        if verdict.reason is not None:
            left_out[verdict.reason] += 1
            continue
        n_contested += verdict.contested
        pairs.append(make_pair(contest, verdict, wish))
    return PairSet(tuple(pairs), dict(left_out), n_contested)


def judge(contest: Contest, wish: PairWish) -> Verdict:
    """Return how a contest comes out; two equal texts, or two prompts, come to nothing."""
    if not contest.prompt:
        return Verdict("tie", reason="unknown_prompt")
    if contest.a.strip() == contest.b.strip():
        return Verdict("tie", reason="same_answer")
    return decide(contest.votes, wish)


def make_pair(contest: Contest, verdict: Verdict, wish: PairWish) -> PreferredPair:
    """Return a contest that has a winner as a pair.

    Edge: where more criteria say one and the mean of the leads says the other, the margin is 0.
    """
    won, lost = (contest.a, contest.b) if verdict.winner == "a" else (contest.b, contest.a)
    lead = max(verdict.lead if verdict.winner == "a" else -verdict.lead, 0.0)
    margin = round(lead, 6) if wish.disagreement == "share" else None
    return PreferredPair(contest.item, contest.prompt, won, lost, margin, contest.sources)
