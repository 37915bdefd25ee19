"""What an annotator sees at one moment, as plain values: no Gradio in or out."""

from dataclasses import dataclass
from html import escape
from typing import Literal

from annotations.assignment import Standing
from backend.records import CRITERIA, Choice, Task
from ui.markup import show_answer, show_text
from ui.wording import Wording

View = Literal["welcome", "task", "message"]


@dataclass(frozen=True)
class Screen:
    """One state of the page. `ticket` comes back with the ballot; it says nothing to a reader."""

    view: View
    progress: str
    ticket: str = ""
    item: str = ""
    left: str = ""
    right: str = ""
    choices: tuple[Choice | None, ...] = (None,) * len(CRITERIA)
    comment: str = ""
    status: str = ""
    message: str = ""
    editing: bool = False
    can_go_back: bool = False


def show_progress(words: Wording, position: int, n_saved: int, quota: int, status: str = "") -> str:
    """Return the progress line, with a bar.

    It carries, unseen, what the page's script says when the server can't be reached, and for a
    phone, where the foot of the page is far away, the status. (Attributes would not get past
    Gradio's sanitiser.)
    """
    spoken = words["progress_label"].format(n=n_saved, quota=quota)
    where = words["progress"].format(position=min(position, quota), quota=quota)
    said = f'<span class="said">{escape(status)}</span>' if status else ""
    kept = {"spoken": spoken, "lost": words["lost"], "gone": words["gone"]}
    hidden = "".join(f'<span class="{name}">{escape(text)}</span>' for name, text in kept.items())
    return (
        f'<div class="progress"><span>{where}</span>'
        f'<progress value="{n_saved}" max="{quota}"></progress>{said}{hidden}</div>'
    )


def show_item(words: Wording, task: Task) -> str:
    """Return instruction and input; the text keeps its own language."""
    lang = f' lang="{escape(task.item.lang)}"'
    html = f'<h2>{words["instruction"]}</h2><div class="text"{lang} dir="auto">'
    html += f"{show_text(task.item.instruction)}</div>"
    if task.item.input:
        html += f'<h2>{words["input"]}</h2><div class="text input"{lang} dir="auto">'
        html += f"{show_text(task.item.input)}</div>"
    return f'<div class="item">{html}</div>'


def show_side(words: Wording, side: Literal["left", "right"], text: str) -> str:
    """Return one response under its heading; both sides go through here."""
    number = {"left": 1, "right": 2}[side]
    body = show_answer(text, words["empty_answer"])
    return (
        f'<div class="response"><h2 id="response-{number}">{words[side]}</h2>'
        f'<div class="body" tabindex="0">{body}</div></div>'
    )


def show_jump(words: Wording) -> str:
    """Return the links that a phone shows at its foot: to each response and to the questions."""
    return (
        f'<nav class="jump"><a href="#response-1">{words["left"]}</a>'
        f'<a href="#response-2">{words["right"]}</a>'
        f'<a href="#questions">{words["questions"]}</a></nav>'
    )


def make_task_screen(words: Wording, standing: Standing, task: Task, status: str = "") -> Screen:
    """Return the screen of one pair, with what was answered before, if anything."""
    ballot = task.ballot
    return Screen(
        view="task",
        progress=show_progress(words, task.position, standing.n_saved, standing.quota, status),
        ticket=task.ticket,
        item=show_item(words, task),
        left=show_side(words, "left", task.left),
        right=show_side(words, "right", task.right),
        choices=tuple(ballot.choices[name] if ballot else None for name in CRITERIA),
        comment=ballot.comment if ballot else "",
        status=status,
        editing=ballot is not None,
        can_go_back=task.position > 1,
    )


def make_message_screen(words: Wording, standing: Standing, status: str = "") -> Screen:
    """Return the screen of somebody for whom there is no pair at the moment."""
    key = {"finished": "done"}.get(standing.phase, standing.phase)
    text = words[f"{key}_text"].format(n=standing.n_saved)
    return Screen(
        view="message",
        progress=show_progress(words, standing.n_saved, standing.n_saved, standing.quota),
        message=f"# {words[f'{key}_title']}\n\n{text}",
        status=status,
        can_go_back=standing.n_saved > 0 and standing.phase not in ("closed", "full"),
    )


def make_welcome_screen(words: Wording, quota: int, link: str) -> Screen:
    """Return what somebody sees before their first pair: what to do, and the definitions."""
    parts = [
        f"# {words['welcome_title']}",
        words["welcome_how"].format(quota=quota),
        show_help(words, link),
    ]
    return Screen("welcome", show_progress(words, 0, 0, quota), message="\n\n".join(parts))


def show_help(words: Wording, link: str) -> str:
    """Return the definitions of the three criteria and how to come back, as Markdown."""
    definitions = [words[f"{name}_long"] for name in CRITERIA]
    return "\n\n".join([*definitions, words["tie_long"], words["resume"].format(link=link)])
