"""The lab's first page: what is here, and what to do next."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from markupsafe import Markup

from annotations.accounts import Account
from annotations.studies import Progress
from backend.records import Status, Study
from training.orders import Job
from ui.lab.coming import list_demos, say_coming
from ui.lab.judge.cards import Judged, show_judged
from ui.lab.studies import Row, show_status
from ui.pieces import finish, join, show_bar, show_link

DEMO = "demo"
FEW_BALLOTS = 10
STEPS: dict[Status, str] = {
    "draft": "It is a draft: open it, and people can vote.",
    "paused": "It is paused: open it again, or close it.",
    "closed": "It is closed: look at the results and download the votes.",
}
COMMANDS = """\
{0} import --download user_oriented_252
{0} import --download text-davinci-003@user_oriented_252
{0} import --download davinci-self-instruct@user_oriented_252
{0} study create first --benchmark user_oriented_252 \\
    --systems text-davinci-003 davinci-self-instruct
{0} study open first"""
NUMBERS = ("", "One step", "Two steps", "Three steps", "Four steps")
TINY = (
    "Two tiny models learn the demo's answers by heart on this machine, and then answer side by "
    "side. They know nothing else."
)
ASK = "Ask them one of its tasks: Prompts from the benchmarks, beside the message, has them."
FAILED = "Their training did not come to its end; Training in admin says why."
NOTHING_JUDGED = Judged()
HERE = Path("data")  # the data folder of a command that names none


def is_newcomer(rows: list[Row]) -> bool:
    """Say whether nobody has done anything here yet: the demo study at most, and few votes."""
    n = sum(progress.n_saved + progress.n_outside for _, progress in rows)
    return all(study.benchmark == DEMO for study, _ in rows) and n < FEW_BALLOTS


def find_next_step(study: Study, progress: Progress) -> str:
    """Return what a study waits for, as a sentence."""
    n_missing = progress.n_wanted - progress.n_saved
    if study.status != "open":
        return STEPS[study.status]
    if n_missing <= 0:
        return f"All {progress.n_wanted:,} ballots are in: close it."
    if not progress.n_annotators and progress.n_outside:
        return "Its votes come from elsewhere: look at the results."
    if not progress.n_annotators:
        way = "send invitation links" if study.enrolment == "invitation" else "send its join link"
        return f"0 of {progress.n_wanted:,} ballots: {way}."
    return f"{n_missing:,} ballots are still to come."


def show_home(
    rows: list[Row],
    account: Account,
    data: Path = HERE,
    judged: Judged = NOTHING_JUDGED,
    jobs: Sequence[Job] = (),
) -> str:
    """Return the page: steps for a newcomer, else the studies; then what judges have done."""
    first = (
        show_steps(rows, account, data, jobs) if is_newcomer(rows) else show_studies(rows, account)
    )
    return finish(join([first, show_judged(judged, account)]))


def list_commands(data: Path) -> str:
    """Return the way to the real instructions in the terminal, for a data folder."""
    return COMMANDS.format("camelid" if data == HERE else f"camelid --data {quote(str(data))}")


def show_steps(rows: list[Row], account: Account, data: Path, jobs: Sequence[Job] = ()) -> Markup:
    """Return the steps from an empty house to a study of the real instructions."""
    demo = next((study for study, _ in rows), None)
    steps = []
    if demo is not None:
        steps = [
            show_step(
                "Vote",
                "Compare a few pairs of the demo study, as an annotator would. The answers were "
                "written for this program.",
                show_link("Vote in the demo study", f"/join/{demo.slug}", "button primary"),
            ),
            show_step(
                "See the pies",
                "Each vote counts at once: three pies, bars with intervals, and a table.",
                show_link("See its results", "/lab/", "button", study=demo.name),
            ),
        ]
    demos = list_demos(jobs)
    if demos:
        steps.append(show_step("Chat", say_demos(demos), show_chat(demos, account)))
    way = (
        show_link("Load the real 252", "/admin/", "button", tab="imports")
        if account.may("admin")
        else Markup("An admin can do this.")
    )
    commands = Markup(
        "</p><p>Or in the terminal, with the app stopped:</p><pre>{}</pre><p>"
    ).format(list_commands(data))
    steps.append(
        show_step(
            "Load the real 252",
            "The 252 user-oriented instructions and recorded answers are fetched from where they "
            "were published, or imported from files. Then make a study of two of the systems. "
            "Without a network, the page says which files it needs, and where to put them.",
            way + commands,
        )
    )
    title = NUMBERS[len(steps)]
    return Markup('<h2>{}</h2><ol class="steps">{}</ol>').format(title, join(steps))


def say_demos(demos: Sequence[Job]) -> str:
    """Return what the demo's two models are, and how far they are."""
    coming = say_coming(demos)
    if coming:
        return f"{TINY} They are made in the background, in a few minutes. {coming}"
    return f"{TINY} {ASK if is_ready(demos) else FAILED}"


def is_ready(demos: Sequence[Job]) -> bool:
    """Say whether all of the demo's models are there."""
    return all(job.state.end == "done" for job in demos)


def show_chat(demos: Sequence[Job], account: Account) -> Markup:
    """Return the way to the demo's models: the chat, and until they are there their training."""
    chat = show_link("Open the chat", "/lab/", "button", tab="chat")
    if is_ready(demos) or not account.may("admin"):
        return chat
    return chat + show_link("Watch the training", "/admin/", "button", tab="training")


def show_step(title: str, words: str, way: Markup) -> Markup:
    """Return one step."""
    html = Markup('<li><h3>{}</h3><p>{}</p><div class="way">{}</div></li>')
    return html.format(title, words, way)


def show_studies(rows: list[Row], account: Account) -> Markup:
    """Return a card for each study, running ones first."""
    order = {"open": 0, "paused": 1, "draft": 2, "closed": 3}
    cards = [
        show_card(study, progress, account)
        for study, progress in sorted(rows, key=lambda row: order[row[0].status])
    ]
    return Markup('<h2>Studies</h2><div class="cards">{}</div>').format(join(cards))


def show_card(study: Study, progress: Progress, account: Account) -> Markup:
    """Return one study: how far it is, what it waits for, and where to go."""
    ways = [show_link("Results", "/lab/", study=study.name)]
    if study.status == "open" and study.enrolment == "name":
        ways.append(show_link("Join link", f"/join/{study.slug}"))
    if account.may("admin"):
        ways.append(show_link("Manage", "/admin/", study=study.name))
    outside = (
        Markup("<p>{:,} votes from elsewhere</p>").format(progress.n_outside)
        if progress.n_outside
        else ""
    )
    return Markup(
        '<div class="card"><div class="top"><h3>{}</h3>{}</div><p class="quiet">{} on {}</p>'
        '{}{}<p>{}</p><p class="ways">{}</p></div>'
    ).format(
        study.name,
        show_status(study.status),
        " · ".join(study.systems),
        study.benchmark,
        show_bar(progress.n_saved, progress.n_wanted, f"{study.name}: ballots saved"),
        outside,
        find_next_step(study, progress),
        join(ways),
    )
