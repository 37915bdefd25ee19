"""Replies that nobody could read scores from, one at a time, with the form to read them by hand."""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from annotations.judging.records import Scores, choose_scores, read_choice
from annotations.judging.waiting import Waiting, list_waiting, read_by_hand
from backend.errors import InputError
from ui.admin.desk import answer, check_admin
from ui.admin.judge.form import make_field, read_decimal
from ui.context import Context
from ui.markup import show_text
from ui.pieces import QUICK, finish, join, make_markdown, show_link

NOTHING = "No reply waits. One that no scores can be read from comes here."
WORDS = (
    "Read what the judge says, not what you would say. Assistant 1 and 2 are the names that the "
    "reply uses. What you write down is kept beside the reply."
)
COUNTED = [("Read again from the text", "read"), ("As the file stores them", "stored")]
COUNT_WORDS = (
    "Released files bring scores that were typed in by hand. They are kept as they are, and each "
    "text is read again; this says which of the two count. What a person read goes before both."
)
MAX_NOTE = 1_000


def find_waiting(waiting: Sequence[Waiting], number: int | None) -> Waiting | None:
    """Return the reply that was chosen as long as it waits, else the first that does."""
    chosen = [one for one in waiting if one.judgment.judgment_id == number]
    return next(iter(chosen or waiting), None)


def list_choices(waiting: Sequence[Waiting]) -> list[tuple[str, int]]:
    """Return the replies that wait, with their names."""
    return [(name_reply(one), one.judgment.judgment_id) for one in waiting]


def name_reply(one: Waiting) -> str:
    """Return what a reply is known by."""
    about = one.judgment
    return f"{about.judgment_id}: {about.benchmark} {about.item_id}, by {about.judge}"


def show_reply(one: Waiting | None, n: int) -> str:
    """Return a reply as it came, and how many wait."""
    if one is None:
        return finish(Markup('<div class="empty">{}</div>').format(NOTHING))
    about = one.judgment
    link = show_link(
        "See the question and the answers", "/lab/", "link", tab="judge", view="judgments",
        judgment=about.judgment_id,
    )  # fmt: skip
    parts = [
        Markup("<p>{} {}.</p>").format(f"{n:,} {'waits' if n == 1 else 'wait'}.", link),
        show_raw("What the judge said", one.text),
    ]
    if one.first_text:
        parts.append(show_raw("What it had said before it was reminded", one.first_text))
    return finish(join(parts))


def show_raw(title: str, text: str) -> Markup:
    """Return a text from outside under a title, every character of it."""
    body = Markup(show_text(text.strip("\n")))  # noqa: S704 - escaped by show_text
    html = Markup('<div class="judged"><h3>{}</h3><div class="text" dir="auto">{}</div></div>')
    return html.format(title, body)


class Readings:
    """The part of the tab where a person reads replies, and chooses which scores count."""

    def __init__(self, context: Context) -> None:
        """Lay out the part."""
        self.context = context
        self.store = context.store
        make_markdown(f"## Replies that wait for a person\n\n{WORDS}", elem_classes="part")
        self.chosen = gr.Dropdown([], label="Reply", visible=False)
        self.shown = make_markdown()
        with gr.Column(visible=False) as self.hand:
            with gr.Row(elem_classes="line"):
                self.first = make_field("Score of Assistant 1", scale=1)
                self.second = make_field("Score of Assistant 2", scale=1)
                self.note = gr.Textbox(label="Note", max_length=MAX_NOTE, scale=3)
            with gr.Row(elem_classes="line"):
                self.save = gr.Button("Save these scores", elem_classes="act")
                self.give_up = gr.Button("It says none", elem_classes="act")
        self.done = make_markdown()
        make_markdown(f"## Which scores count\n\n{COUNT_WORDS}", elem_classes="part")
        self.counted = gr.Radio(COUNTED, value="read", label="Scores that count")
        self.said = make_markdown()

    def list_outputs(self) -> list[Any]:
        """Return the components that `look` fills."""
        return [self.shown, self.chosen, self.hand, self.counted]

    def look(self, request: gr.Request, number: int | None) -> tuple[Any, ...]:
        """Show the replies that wait, and which scores count."""
        check_admin(self.context, request)
        waiting = list_waiting(self.store)
        one = find_waiting(waiting, number)
        return (
            show_reply(one, len(waiting)),
            gr.update(
                choices=list_choices(waiting),
                value=one.judgment.judgment_id if one else None,
                visible=bool(waiting),
            ),
            gr.update(visible=bool(waiting)),
            read_choice(self.store),
        )

    def turn(self, request: gr.Request, number: int | None) -> tuple[Any, ...]:
        """Show another reply, with an empty form."""
        shown, *_ = self.look(request, number)
        return shown, "", "", ""

    def keep(
        self,
        request: gr.Request,
        number: int | None,
        first: str | None,
        second: str | None,
        note: str | None,
    ) -> str:
        """Write down the scores that a person has read."""
        actor = check_admin(self.context, request).name

        def deed() -> list[str]:
            scores = (read_decimal("The first score", first), read_decimal("The second", second))
            if scores[0] is None:
                raise InputError("Give the scores, or say that the reply has none.")
            return self.write(number, actor, scores, note)

        return answer(deed)

    def keep_and_empty(
        self,
        request: gr.Request,
        number: int | None,
        first: str | None,
        second: str | None,
        note: str | None,
    ) -> tuple[Any, ...]:
        """Write down the scores; the form is emptied with the same answer, unless they are none.

        The next reply's own event would empty it too, but a page that is busy can let that go.
        """
        said = self.keep(request, number, first, second, note)
        waits = [one.judgment.judgment_id for one in list_waiting(self.store)]
        return said, *(gr.skip() if number in waits else "" for _ in range(3))

    def drop(self, request: gr.Request, number: int | None, note: str | None) -> str:
        """Write down that a person can't read any either."""
        actor = check_admin(self.context, request).name
        return answer(lambda: self.write(number, actor, (None, None), note))

    def write(
        self,
        number: int | None,
        actor: str,
        scores: tuple[float | None, float | None],
        note: str | None,
    ) -> list[str]:
        """Keep one reading, and say so."""
        if number is None:
            raise InputError("No reply is chosen.")
        read_by_hand(self.store, int(number), actor, *scores, (note or "").strip()[:MAX_NOTE])
        given = " : ".join(f"{score:g}" for score in scores if score is not None)
        said = f"counts as {given}" if given else "stays without scores"
        return [f"Reply {int(number)} {said}."]

    def choose(self, request: gr.Request, choice: Scores | None) -> str:
        """Write down which scores count, where that is another choice than before."""
        actor = check_admin(self.context, request).name

        def deed() -> list[str]:
            if choice not in ("read", "stored"):
                raise InputError("Choose which scores count.")
            if choice != read_choice(self.store):
                choose_scores(self.store, choice, actor)
            words = {"read": "read from the texts", "stored": "that the files store"}[choice]
            return [f"The scores {words} count."]

        return answer(deed)

    def wire(self) -> None:
        """Wire the form; what waits is read again after each deed."""
        again: dict[str, Any] = {
            "fn": self.look, "inputs": self.chosen, "outputs": self.list_outputs(), **QUICK
        }  # fmt: skip
        form = [self.first, self.second, self.note]
        clean: dict[str, Any] = {
            "fn": self.turn, "inputs": self.chosen, "outputs": [self.shown, *form], **QUICK
        }  # fmt: skip
        kept = self.save.click(
            self.keep_and_empty, [self.chosen, *form], [self.done, *form], **QUICK
        )
        dropped = self.give_up.click(self.drop, [self.chosen, self.note], self.done, **QUICK)
        for deed in (kept, dropped):
            deed.then(**again)
        self.chosen.change(**clean)
        self.counted.input(self.choose, self.counted, self.said, **QUICK)
