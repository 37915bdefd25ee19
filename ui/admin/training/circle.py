"""The circle: what people preferred is seen, saved as training data, and trained on."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
from markupsafe import Markup

from annotations.pairing import PairSet, PreferredPair, make_pairs, write_rows
from annotations.pairing.telling import tell_pairs
from annotations.pairing.voices import list_judges
from annotations.studies import list_studies
from backend.errors import CamelidError, InputError
from training.data.library import add_file
from training.jobs import list_jobs, suggest_name
from training.orders import Order
from training.recipes import list_recipes, read_recipe
from ui.admin.answers import keep_choice
from ui.admin.desk import check_admin
from ui.admin.training.plan import CHANGED, LOOKING, START, close_start, stamp
from ui.admin.training.preview import guess_seconds, say_start, show_report
from ui.admin.training.rewards import Rewards
from ui.admin.training.wishes import (
    FIELDS,
    lay_out_trained,
    lay_out_wish,
    list_pair_recipes,
    list_starts,
    make_order,
    name_data,
    name_values,
    read_share,
    read_wish,
)
from ui.context import Context
from ui.markup import show_text
from ui.pairing import warn_of_benchmarks
from ui.pieces import QUICK, finish, join, make_markdown, show_link, show_problem

N_SHOWN = 3  # pairs on the page
MAX_CHARS = 900  # of each text on the page
WORDS = (
    "Votes and verdicts become pairs: an answer that was preferred, and the one that was not. A "
    "reward model learns to tell them apart; preference training moves a model towards the first. "
    "Two answers that several studies, judges or conversations are about count once, with all "
    "their votes. A question is never on both sides of the split."
)
SAVED = (
    "What will happen is seen on the pairs themselves: they are saved as training data for that."
)
SHOWN = "The first of them:"
Values = Sequence[Any]


class Circle:
    """The part of the tab that trains on what people preferred."""

    def __init__(self, context: Context) -> None:
        """Lay out the part."""
        self.context = context
        self.store = context.store
        self.data = context.settings.data
        make_markdown(WORDS, elem_classes="note")
        self.wish = lay_out_wish()
        with gr.Row(elem_classes="line"):
            self.see = gr.Button("See the pairs", elem_classes="act")
        self.pairs = make_markdown(elem_id="training-pairs")
        make_markdown(f"## What is trained on them\n\n{SAVED}", elem_classes="part")
        trained = lay_out_trained()
        self.form = [*self.wish, *trained]
        with gr.Row(elem_classes="line"):
            self.ahead = gr.Button("See what will happen", elem_classes="act")
            self.start = gr.Button(
                START,
                variant="primary",
                elem_id="training-begin",
                elem_classes="act",
                interactive=False,
            )
        self.said = make_markdown()
        self.report = make_markdown()
        self.looked = gr.Textbox(
            visible="hidden", show_label=False, elem_id="training-pairs-looked"
        )
        self.rewards = Rewards(context)

    def look(self, request: gr.Request, *values: Any) -> tuple[Any, ...]:  # noqa: ANN401
        """Offer what there is; what was chosen stays."""
        check_admin(self.context, request)
        told = name_values(values)
        studies = [study.name for study in list_studies(self.store)]
        judges = list_judges(self.store)
        benchmarks = sorted({name for names in judges.values() for name in names})
        recipes = list_pair_recipes(list_recipes(self.data))
        recipe = keep_choice(told["recipe"], [name for _, name in recipes])
        return (
            offer(studies, told["studies"]),
            offer(list(judges), told["judges"]),
            offer(benchmarks, told["benchmarks"]),
            gr.update(choices=recipes, value=recipe),
            gr.update(choices=list_starts(self.context.models)),
        )

    def list_offered(self) -> list[Any]:
        """Return the fields that `look` fills."""
        fields = dict(zip(FIELDS, self.form, strict=True))
        return [fields[name] for name in ("studies", "judges", "benchmarks", "recipe", "base")]

    def show(self, request: gr.Request, *values: Any) -> str:  # noqa: ANN401
        """Show what the pairs are; nothing is written."""
        check_admin(self.context, request)
        told = name_values(values)
        try:
            found = make_pairs(self.store, read_wish(told))
            return show_pairs(found, read_share(told["share"]))
        except CamelidError as error:
            return show_problem(error)

    def look_ahead(self, request: gr.Request, *values: Any) -> tuple[Any, ...]:  # noqa: ANN401
        """Save the pairs as training data, and say what a job on them will do."""
        actor = check_admin(self.context, request).name
        told = name_values(values)
        shown: str = ""
        try:
            found = make_pairs(self.store, read_wish(told))
            shown = show_pairs(found, read_share(told["share"]))
            order = self.plan(values, self.save(found, values), actor)
            report = self.context.workshop.look(order).report
        except CamelidError as error:
            return shown, show_problem(error), "", *close_start(), ""
        seconds = guess_seconds(list_jobs(self.data), order, report)
        ready = not report.faults
        words = say_start(report, seconds, order.devices) if ready else START
        return (
            shown,
            "",
            show_report(report),
            gr.update(value=words, interactive=ready),
            f"{stamp(values)} {order.data[0]}" if ready else "",
        )

    def save(self, found: PairSet, values: Values) -> str:
        """Write pairs into the training files; return the file's name.

        Errors: InputError when there is none.
        """
        if not found.pairs:
            raise InputError("There is no pair to save. See the pairs for why.")
        text = StringIO()
        write_rows(found.pairs, text)
        name = name_data(read_wish(name_values(values)), text.getvalue())
        with TemporaryDirectory(prefix="camelid-pairs-") as folder:
            path = Path(folder) / name
            path.write_text(text.getvalue(), "utf-8")
            return add_file(self.data, path, name).name

    def plan(self, values: Values, data: str, actor: str) -> Order:
        """Return the order that the form makes, for a file of pairs."""
        told = name_values(values)
        if not told["recipe"]:
            raise InputError("Choose a recipe first.")
        recipe = read_recipe(told["recipe"], self.data)
        given = {**told, "name": told["name"] or suggest_name(self.data, recipe.name)}
        return make_order(given, self.context.models, recipe, data, actor)

    def check(self, request: gr.Request, looked: str | None, *values: Any) -> Any:  # noqa: ANN401
        """Close the button that starts when the form says something else than what was seen."""
        check_admin(self.context, request)
        same = bool(looked) and str(looked).split(" ")[0] == stamp(values)
        return gr.skip() if same else close_start()[0]

    def begin(self, request: gr.Request, looked: str | None, *values: Any) -> tuple[Any, ...]:  # noqa: ANN401
        """Start the job that was seen, on the file that was saved then."""
        actor = check_admin(self.context, request).name
        seen, _, data = (looked or "").partition(" ")
        try:
            if not data or seen != stamp(values):
                raise InputError(CHANGED)
            job = self.context.workshop.create(self.plan(values, data, actor))
        except CamelidError as error:
            return show_problem(error), gr.skip()
        link = show_link("See how it goes", "/admin/", tab="training", job=job.id)
        words = f"{job.order.name} was put in the queue as {job.id}, on {data}."
        html = Markup('<div class="outcome done" role="status"><p>{} {}.</p></div>')
        return finish(html.format(words, link)), *close_start()

    def wire(self, site: gr.Blocks, tab: gr.Tab) -> None:
        """Wire the form: each change closes the start until it was looked at again."""
        for arrival in (site.load, tab.select):
            arrival(self.look, self.form, self.list_offered(), **QUICK)
        self.see.click(self.show, self.form, self.pairs, **QUICK)
        seen = [self.pairs, self.said, self.report, self.start, self.looked]
        self.ahead.click(self.look_ahead, self.form, seen, **LOOKING)
        self.start.click(self.begin, [self.looked, *self.form], [self.said, self.start], **QUICK)
        changed = [
            field.blur if isinstance(field, gr.Textbox) else field.input for field in self.form
        ]
        gr.on(changed, self.check, [self.looked, *self.form], self.start, **QUICK)
        self.rewards.wire(site, tab)


def offer(names: Sequence[str], chosen: Sequence[str] | None) -> Any:  # noqa: ANN401
    """Return the update of a field with what there is; of what was chosen, what is still there."""
    return gr.update(choices=list(names), value=[one for one in chosen or () if one in names])


def show_pairs(found: PairSet, share: float) -> str:
    """Return the counts, the warning about benchmarks, and the first pairs."""
    rows = join(
        [Markup("<dt>{}</dt><dd>{}</dd>").format(*line) for line in tell_pairs(found, share)]
    )
    parts = [Markup("<dl class='facts report'>{}</dl>").format(rows)]
    warning = warn_of_benchmarks(found)
    if warning:
        parts.append(Markup("<p class='warn'>{}</p>").format(warning))
    if found.pairs:
        parts.append(Markup("<p class='quiet'>{}</p>").format(SHOWN))
        parts += [show_pair(pair) for pair in found.pairs[:N_SHOWN]]
    return finish(join(parts))


def show_pair(pair: PreferredPair) -> Markup:
    """Return a pair: what was asked, what was preferred, what was not."""
    asked = "\n\n".join(
        message.text if message.role == "user" else f"[{message.role}] {message.text}"
        for message in pair.prompt
    )
    texts = [("Asked", asked), ("Preferred", pair.chosen), ("Not preferred", pair.rejected)]
    return Markup('<div class="judged preferred">{}</div>').format(
        join([show_part(title, text) for title, text in texts])
    )


def show_part(title: str, text: str) -> Markup:
    """Return a text under its title, cut where it is long."""
    more = f" … {len(text) - MAX_CHARS:,} more characters" if len(text) > MAX_CHARS else ""
    body = Markup(show_text(text[:MAX_CHARS]))  # noqa: S704 - escaped by show_text
    return Markup(
        '<div><h3>{}</h3><div class="text" dir="auto">{}<span class="quiet">{}</span></div></div>'
    ).format(title, body, more)
