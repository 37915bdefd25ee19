"""How far a judge can be trusted, in sentences and tables: agreement, biases, canaries."""

from collections.abc import Sequence

from markupsafe import Markup

from annotations.judging.agreement import Agreement, Pairing
from annotations.judging.biases import Flips, Lengths, Slots
from annotations.judging.canaries import Canary
from annotations.judging.kappa import Agreed, Measure, Share
from annotations.judging.preferences import Rater
from annotations.statistics import Interval
from ui.lab.findings import name_comparison
from ui.lab.judge.words import NO_SCORE, say_score
from ui.lab.tables import show_interval, show_number
from ui.pieces import Cell, join, show_table

AGREEMENT_HEADS = (
    "Agreement (95 % interval)", "Kappa", "n", "Without ties", "Kappa without ties", "n of these",
)  # fmt: skip
HOW_AGREEMENT = (
    "The judge prefers an answer where it does so in both orders; else it is a tie. The majority "
    "is the side with more votes on a pair. Agreement is the share of cases in which both say the "
    "same; kappa (Cohen's; among people Fleiss') is agreement beyond chance, taken within each "
    "comparison: 0 is chance, 1 is perfect. Without ties are the cases in which both took a side. "
    "Intervals come from drawing the items again."
)
HOW_BIASES = (
    "The intervals beside the shares draw the items again; Wilson's takes cases as independent. "
    "A longer answer can be better, and a judge that prefers it can be right: people's preference "
    "on the same pairs is in the last row."
)
NO_BOTH = "no pair has a verdict in both orders"
NO_WINNER = "no verdict has a winner"
NO_LENGTHS = "no pair with a winner has two answers of known, unequal length"
NO_PEOPLE = "no pair with votes has a winner that is longer or shorter"


def name_rater(rater: Rater, raters: Sequence[Rater]) -> str:
    """Return a judge's name, with its protocol where it judged by several."""
    several = sum(one.judge == rater.judge for one in raters) > 1
    return f"{rater.judge}, protocol {rater.protocol or 'unknown'}" if several else rater.judge


def say_percent(measure: Measure | Share, why: str = "") -> str:
    """Return a share with its interval: "62.1 % (55.0-68.9)"; in words where there is none."""
    if measure.value is None:
        return measure.why if isinstance(measure, Measure) else why
    return f"{100 * measure.value:.1f} %{show_interval(measure.interval, 1)}"


def say_kappa(measure: Measure) -> str:
    """Return a kappa with its interval: "0.35 (0.22 to 0.47)"; in words where there is none."""
    if measure.value is None:
        return measure.why
    return show_number(measure.value, 2) + show_span(measure.interval)


def show_span(interval: Interval | None) -> str:
    """Return an interval of a number that is no share, in brackets with a space before."""
    if interval is None:
        return ""
    return f" ({show_number(interval.low, 2)} to {show_number(interval.high, 2)})"


def describe_agreement(found: Agreement, name: str) -> Markup:
    """Return what the numbers of one criterion come to, in sentences."""
    if not found.n_pairs:
        return Markup("<p>{}</p>").format(describe_nothing(found, name))
    votes, people = found.votes, found.people
    lines = [
        f"{name} agrees with {say_percent(votes.raw)} of the votes"
        f"{say_if(votes.kappa, ', kappa ')}.",
        say_if(people.raw, "Two people agree in ", " of the cases.", percent=True),
        say_if(
            votes.raw_decided, "Where judge and vote both take a side, they agree in ", ".",
            percent=True,
        ),
    ]  # fmt: skip
    base = f"{found.n_votes:,} votes on {found.n_pairs:,} pairs, {found.n_items:,} items."
    said = " ".join(line for line in lines if line)
    return Markup('<p>{}</p><p class="quiet">{} {}</p>').format(said, base, say_gaps(found))


def say_if(measure: Measure, before: str, after: str = "", *, percent: bool = False) -> str:
    """Return a measure between words; nothing where it is undefined."""
    if measure.value is None:
        return ""
    return before + (say_percent(measure) if percent else say_kappa(measure)) + after


def describe_nothing(found: Agreement, name: str) -> str:
    """Return why there is no agreement to tell."""
    if found.n_unread:
        return f"No verdict of {name} on the {found.n_unread:,} pairs with votes can be read."
    if found.n_unjudged:
        return f"{name} has judged none of the {found.n_unjudged:,} pairs that people voted on."
    return (
        "No votes on these answers yet. Open a study of the same systems on this benchmark, or "
        "import votes; how far judge and people agree will be here."
    )


def say_gaps(found: Agreement) -> str:
    """Return what the judge's preferences rest on, where that is not two orders that agree."""
    gaps = (
        (found.n_contradicting, "pairs count as a tie because the orders have opposite winners"),
        (found.n_one_order, "pairs have a verdict in one order only"),
        (found.n_unread, "more pairs have no verdict that can be read"),
        (found.n_unjudged, "more pairs with votes were not judged"),
    )
    said = [f"{n:,} {words}" for n, words in gaps if n]
    return f"{'; '.join(said)}." if said else ""


def list_agreed(agreed: Agreed) -> list[Cell]:
    """Return the cells of AGREEMENT_HEADS."""
    return [
        show_value(agreed.raw, say_percent(agreed.raw)),
        show_value(agreed.kappa, say_kappa(agreed.kappa)),
        agreed.raw.n,
        show_value(agreed.raw_decided, say_percent(agreed.raw_decided)),
        show_value(agreed.kappa_decided, say_kappa(agreed.kappa_decided)),
        agreed.raw_decided.n,
    ]


def show_value(measure: Measure | Share, words: str) -> Cell:
    """Return a number as it is said; why there is none may take several lines."""
    return (
        words if measure.value is not None else Markup('<span class="why">{}</span>').format(words)
    )


def show_criteria(found: Sequence[Agreement]) -> Markup:
    """Return the table of all criteria: the judge against votes and majorities, and people."""
    rows = [row for one in found for row in list_between(one.criterion.capitalize(), one)]
    heads = ("Criterion", "Between", *AGREEMENT_HEADS)
    table = show_table("Agreement with people", heads, rows, "agreed")
    return Markup('{}<p class="note">{}</p>').format(table, HOW_AGREEMENT)


def show_comparisons(found: Sequence[Agreement]) -> Markup:
    """Return the table of single comparisons on one criterion."""
    rows = [
        row for one in found if one.comparison
        for row in list_between(name_comparison(one.comparison), one)
    ]  # fmt: skip
    heads = ("Comparison", "Between", *AGREEMENT_HEADS)
    return show_table(f"By comparison: {found[0].criterion}", heads, rows, "agreed apart")


def list_between(name: str, found: Agreement) -> list[list[Cell]]:
    """Return a row for each two that can agree; only the first has the name."""
    return [
        [Markup("<b>{}</b>").format(name), "Judge, each vote", *list_agreed(found.votes)],
        ["", "Judge, majority", *list_agreed(found.majorities)],
        ["", "Two people", *list_agreed(found.people)],
    ]


def show_confusion(found: Agreement, sides: tuple[str, str]) -> Markup:
    """Return how verdicts and votes fall together, judge down and votes across."""
    order = (0, 2, 1)  # a, tie, b, as they stand on an axis
    names = (f"prefers {sides[0]}", "ties", f"prefers {sides[1]}")
    table = found.votes.table
    rows: list[list[Cell]] = [
        [f"Judge {name}", *(table[place][other] for other in order)]
        for name, place in zip(names, order, strict=True)
    ]
    heads = ("", f"Vote for {sides[0]}", "Vote for neither", f"Vote for {sides[1]}")
    return show_table(f"Verdicts and votes: {found.criterion}", heads, rows, "confused")


def show_biases(flips: Flips, slots: Slots, lengths: Lengths, criterion: str) -> Markup:
    """Return the table of what sways a judge."""
    rows: list[list[Cell]] = [
        list_share("Opposite winner when the answers change places", flips.flipped, NO_BOTH),
        list_share("Any other verdict when they change places", flips.changed, NO_BOTH),
        list_share("First slot preferred, both orders asked", slots.first, NO_BOTH),
        list_share("Longer answer preferred", lengths.longer, NO_LENGTHS),
        list_share(f"… on pairs with votes ({criterion})", lengths.beside, NO_PEOPLE),
        list_share("… on these by the majority of votes", lengths.people, NO_PEOPLE),
    ]
    heads = ("Measure", "Share (95 % interval)", "Wilson's interval", "Cases", "n")
    table = show_table("Biases", heads, rows, "biases")
    notes = [Markup("<p>{}</p>").format(note) for note in list_notes(flips, slots, lengths)]
    html = Markup('{}<div class="note">{}<p>{}</p></div>')
    return html.format(table, join(notes), HOW_BIASES)


def list_share(name: str, share: Share, why: str) -> list[Cell]:
    """Return the row of one share."""
    if share.value is None:
        return [name, show_value(share, f"undefined: {why}"), "", 0, 0]
    wilson = show_interval(share.wilson, 1).strip(" ()")
    return [name, say_percent(share), wilson, share.n_hits, share.n]


def list_notes(flips: Flips, slots: Slots, lengths: Lengths) -> list[str]:
    """Return what a reader of the shares must know."""
    notes = []
    if flips.flipped.n_hits:
        n_second = flips.flipped.n_hits - flips.n_first
        notes.append(
            f"Of the verdicts with opposite winners, {flips.n_first:,} went to the first slot both "
            f"times and {n_second:,} to the second."
        )
    if slots.n_ties:
        notes.append(f"{slots.n_ties:,} verdicts in both orders are ties and have no slot.")
    if slots.lone.n:
        notes.append(
            f"Of the pairs with one order only, {slots.lone.n_hits:,} of {slots.lone.n:,} verdicts "
            "with a winner went to the first slot. That is no bias: the slot can't be told from "
            "the system in it."
        )
    if lengths.n_equal or lengths.n_unknown:
        notes.append(
            f"Left out of the lengths: {lengths.n_equal:,} pairs of one length, "
            f"{lengths.n_unknown:,} whose texts are not in the ledger."
        )
    return notes


def show_pairings(pairings: Sequence[Pairing], raters: Sequence[Rater]) -> Markup:
    """Return how far judges agree with each other; nothing with a single judge."""
    if not pairings:
        return Markup("")
    rows: list[list[Cell]] = [
        [
            name_rater(one.first, raters), name_rater(one.second, raters),
            *list_agreed(one.agreed), one.n_items,
        ]
        for one in pairings
    ]  # fmt: skip
    heads = ("Judge", "Other judge", *AGREEMENT_HEADS, "Items")
    return show_table("Agreement between judges", heads, rows, "agreed judges")


def show_canaries(canaries: Sequence[Canary], raters: Sequence[Rater]) -> Markup:
    """Return how canaries fared; nothing where none rode along."""
    if not canaries:
        return Markup("")
    rows: list[list[Cell]] = [
        [
            name_rater(one.rater, raters), one.name.capitalize(), one.reference,
            one.wins, one.ties, one.losses, one.n_failed, say_means(one),
        ]
        for one in canaries
    ]  # fmt: skip
    heads = (
        "Judge", "Canary", "Against", "Won", "Tied", "Lost", "Without a verdict", "Mean scores",
    )  # fmt: skip
    note = "A canary should lose to everything. One that wins or ties shows a judge that is misled."
    table = show_table("Canaries", heads, rows, "canaries")
    return Markup('{}<p class="note">{}</p>').format(table, note)


def say_means(canary: Canary) -> str:
    """Return both mean scores."""
    if canary.mean is None or canary.mean_reference is None:
        return NO_SCORE
    return " : ".join(say_score(round(mean, 2)) for mean in (canary.mean, canary.mean_reference))
