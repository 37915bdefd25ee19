"""One judgment in HTML: the question, both answers, the raw reply, and how it was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from annotations.judging.browse import HandReading, Opened
from annotations.judging.records import Judgment, Scores
from ui.lab.judge.listing import show_given, show_go, show_outcome
from ui.lab.judge.where import Where
from ui.lab.judge.words import NO_SCORE, name_winner, say_judge, say_score, say_scores
from ui.lab.pairs import EMPTY_ANSWER, show_part
from ui.markup import show_answer, show_text
from ui.pieces import Cell, finish, join, show_table

NO_TEXT = "The text of this answer is not in the ledger. Import its file, and it will be here."
NO_REPLY = "No reply came."


@dataclass(frozen=True)
class Neighbours:
    """What stands before and after a judgment in its list; `place` counts from 1, 0 is nowhere."""

    before: Where | None = None
    after: Where | None = None
    place: int = 0
    n: int = 0


def show_case(opened: Opened, where: Where, near: Neighbours, scores: Scores) -> str:
    """Return one judgment with everything known of it."""
    parts = [
        show_steps(where, near),
        show_title(opened.judgment),
        show_verdict(opened, scores),
        show_task(opened),
        show_answers(opened, scores),
        show_reply(opened),
        show_others(opened, where, scores),
        show_facts(opened),
    ]
    return finish(join(parts))


def show_steps(where: Where, near: Neighbours) -> Markup:
    """Return the way back to the list, and to the judgments before and after."""
    place = f"{near.place:,} of {near.n:,}" if near.place else "not in this list"
    html = Markup('<nav class="turn" aria-label="Judgments">{}<span>{}</span>{}{}</nav>')
    back = show_go("Back to the list", where.turn(where.page), "button")
    if not near.place:
        return html.format(back, place, "", "")
    steps = (show_go("Previous", near.before, "button"), show_go("Next", near.after, "button"))
    return html.format(back, place, *steps)


def show_title(judgment: Judgment) -> Markup:
    """Return which question this is about, and who judged."""
    about = [judgment.category, judgment.benchmark, f"judged by {say_judge(judgment)}"]
    if judgment.repeat:
        about.append(f"repeat {judgment.repeat + 1}")
    html = Markup('<h2>{}</h2><p class="quiet">{}</p>')
    return html.format(f"Question {judgment.item_id}", " · ".join(word for word in about if word))


def show_verdict(opened: Opened, scores: Scores) -> Markup:
    """Return the scores that count, and where they come from."""
    judgment = opened.judgment
    words = [say_source(judgment, scores)]
    if judgment.differs:
        words.append(
            f"The file stores {say_scores(judgment.stored)}; the text says "
            f"{say_scores(judgment.read)}."
        )
    if judgment.detail and judgment.outcome != "ok":
        words.append(judgment.detail)
    said = join([Markup("<p>{}</p>").format(word) for word in words if word])
    return Markup('<div class="verdict">{}<div>{}{}</div></div>').format(
        show_given(judgment, scores), Markup("<p>{}</p>").format(show_outcome(judgment, scores)),
        said,
    )  # fmt: skip


def say_source(judgment: Judgment, scores: Scores) -> str:
    """Return how the scores that count came to be."""
    if judgment.by_hand is not None:
        return "The reply was read by a person."
    if judgment.hand_unreadable:
        return "A person could not read the reply either: it has no scores."
    if scores == "stored" and judgment.stored is not None:
        return "The scores are those that the file stores."
    flags = f" ({', '.join(judgment.flags)})" if judgment.flags else ""
    return f"How it was read: {judgment.how}{flags}." if judgment.how else ""


def show_task(opened: Opened) -> Markup:
    """Return the question, its input, and the reference where there is one."""
    item = opened.item
    parts = [show_part("Question", item.instruction)]
    if item.input.strip():
        parts.append(show_part("Input", item.input, "input"))
    if item.reference.strip():
        html = Markup("<details><summary>Reference answer</summary>{}</details>")
        parts.append(html.format(show_part("", item.reference, "input")))
    return Markup('<div class="asked">{}</div>').format(join(parts))


def show_answers(opened: Opened, scores: Scores) -> Markup:
    """Return the answers in the order the judge saw them, each with its score."""
    judgment = opened.judgment
    first, second = judgment.score(scores) or (None, None)
    sides = [("Assistant 1", judgment.system_1, opened.text_1, first)]
    if judgment.system_2 is not None:
        sides.append(("Assistant 2", judgment.system_2, opened.text_2, second))
    html = Markup(
        '<section class="side"><h3><span class="quiet">{}:</span> {} <span class="score">{}</span>'
        '</h3><div class="body">{}</div></section>'
    )
    shown = [
        html.format(slot, name, "" if score is None else say_score(score), show_body(text))
        for slot, name, text, score in sides
    ]
    return Markup('<div class="sides">{}</div>').format(join(shown))


def show_body(text: str | None) -> Markup:
    """Return an answer's text, or why there is none."""
    if text is None:
        return Markup('<p class="empty">{}</p>').format(NO_TEXT)
    return Markup(show_answer(text, EMPTY_ANSWER))  # noqa: S704 - escaped by show_answer


def show_reply(opened: Opened) -> Markup:
    """Return what the judge said, every character of it; a first reply stands behind a fold."""
    parts = [show_raw(opened.reply)]
    if opened.first_reply:
        html = Markup(
            "<details><summary>Its first reply, which could not be read</summary>{}</details>"
        )
        parts.append(html.format(show_raw(opened.first_reply)))
    return Markup('<div class="judged"><h3>The reply of {}</h3>{}</div>').format(
        opened.judgment.judge, join(parts)
    )


def show_raw(text: str) -> Markup:
    """Return a reply as it came."""
    if not text.strip():
        return Markup('<p class="quiet">{}</p>').format(NO_REPLY)
    body = Markup(show_text(text.strip("\n")))  # noqa: S704 - escaped by show_text
    return Markup('<div class="text" dir="auto">{}</div>').format(body)


def show_others(opened: Opened, where: Where, scores: Scores) -> Markup:
    """Return the other judgments of these two answers: the other order, repeats, other judges."""
    if not opened.siblings:
        return Markup("")
    rows = [list_other(one, where, scores) for one in (opened.judgment, *opened.siblings)]
    heads = ("Judge", "Scores", "First answer", "Second answer", "Prefers", "Outcome")
    return show_table("The same question and systems, judged again", heads, rows, "again")


def list_other(judgment: Judgment, where: Where, scores: Scores) -> list[Cell]:
    """Return the row of one judgment of the same two answers."""
    name = say_judge(judgment) + (f", repeat {judgment.repeat + 1}" if judgment.repeat else "")
    here = Markup("<b>{}</b>, this one").format(name)
    return [
        here if judgment.judgment_id == where.judgment
        else show_go(name, where.open(judgment.judgment_id)),
        say_scores(judgment.score(scores)),
        judgment.system_1,
        judgment.system_2 or NO_SCORE,
        name_winner(judgment, judgment.winner(scores)) or NO_SCORE,
        show_outcome(judgment, scores),
    ]  # fmt: skip


def show_facts(opened: Opened) -> Markup:
    """Return everything else that is known of a judgment."""
    rows = [
        Markup("<dt>{}</dt><dd>{}</dd>").format(name, value)
        for name, value in list_facts(opened)
        if value
    ]
    html = Markup('<div class="judged"><h3>What else is known</h3><dl class="facts">{}</dl></div>')
    return html.format(join(rows))


def list_facts(opened: Opened) -> Sequence[tuple[str, str]]:
    """Return facts with their names; what is not known is empty."""
    judgment = opened.judgment
    moment = datetime.fromtimestamp(opened.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return [
        ("Comes from", judgment.source),
        ("Measured", f"{judgment.system}, against {judgment.reference}" if judgment.reference
         else judgment.system_1),
        ("Read from the text", say_scores(judgment.read) if judgment.read else ""),
        ("Stored in the file", say_scores(judgment.stored) if judgment.stored else ""),
        *((f"Read by {one.actor}", say_reading(one)) for one in opened.readings),
        ("Protocol", judgment.protocol),
        ("Model", opened.model),
        ("Tokens", say_tokens(opened)),
        ("Cost", say_cost(judgment)),
        ("Time it took", f"{opened.duration_s:.1f} s" if opened.duration_s else ""),
        ("Came in", moment),
        ("Around the answers", opened.boundary),
        ("Fault", judgment.fault),
        ("Told with it", judgment.detail if judgment.outcome == "ok" else ""),
        ("Key", judgment.key),
    ]  # fmt: skip


def say_tokens(opened: Opened) -> str:
    """Return how long prompt and reply were."""
    if opened.n_prompt_tokens is None and opened.n_tokens is None:
        return ""
    counts = (opened.n_prompt_tokens, opened.n_tokens)
    prompt, reply = ("unknown" if n is None else f"{n:,}" for n in counts)
    return f"{prompt} in the prompt, {reply} in the reply"


def say_reading(reading: HandReading) -> str:
    """Return what one person made of a reply."""
    if reading.score_1 is None:
        scores = "unreadable"
    else:
        scores = say_scores((reading.score_1, reading.score_2))
    return f"{scores}. {reading.note}".rstrip(". ")


def say_cost(judgment: Judgment) -> str:
    """Return what a judgment cost; what a file brought has no cost that we know of."""
    if judgment.cost_usd is None:
        return "unknown price" if judgment.source.startswith("run ") else ""
    return f"${judgment.cost_usd:,.4f}" if judgment.cost_usd else "nothing"
