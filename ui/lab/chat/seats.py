"""Who can be chosen, and what a form says about each side: models, texts, templates, sampling."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotations.conversations import Seat
from backend.dialogue import Sampling
from backend.errors import CamelidError, InputError, Refused
from backend.registry.cards import Card, LocalCard
from backend.switchboard import Switchboard
from backend.templates import list_templates, read_template

MAX_SIDES = 4
MAX_PROMPT = 8000
MAX_SYSTEM = 2000
MAX_TOKENS = 4096
OWN_TEMPLATE = ""  # the card's
NONE_READY = (
    "No model can run here yet. The list below says what each of them needs; models are added "
    "under Models in admin."
)
ONE_READY = (
    "A battle needs two models that can run, and here is one. The list below says what the others "
    "need; models are added under Models in admin."
)
WAITING = "A battle needs two models that can run. {} This page says when they are here."
FEW_WANTED = "Choose at least two models to draw from, or none to draw from all."


@dataclass(frozen=True, slots=True)
class Absentee:
    """A model that can't be asked, and what to do about it."""

    label: str
    why: str
    todo: str


@dataclass(frozen=True, slots=True)
class Menu:
    """The models that can be chosen, those that can't, and a word about those being trained."""

    ready: tuple[Card, ...] = ()
    absent: tuple[Absentee, ...] = ()
    coming: str = ""

    @property
    def waits(self) -> bool:
        """Say whether a battle has to wait for a model that is being trained."""
        return len(self.ready) < 2 and bool(self.coming)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Return (label, name) of each ready model; where two share a label, the name tells."""
        labels = [card.label for card in self.ready]
        return [
            (card.label if labels.count(card.label) == 1 else f"{card.label} ({card.name})",
             card.name)
            for card in self.ready
        ]  # fmt: skip

    def put_first(self, name: str) -> "Menu":
        """Return the same menu with one model before the others."""
        return replace(self, ready=tuple(sorted(self.ready, key=lambda card: card.name != name)))


@dataclass(frozen=True, slots=True)
class Pick:
    """What the form says about one side; an empty `template` is the card's own."""

    model: str = ""
    system: str = ""
    template: str = OWN_TEMPLATE
    temperature: float | None = 0.7
    top_p: float | None = 1.0
    top_k: float | None = 0
    max_tokens: float | None = 512


def read_menu(models: Switchboard, coming: str = "") -> Menu:
    """Return all models, each with whether it can be asked now."""
    ready, absent = [], []
    for known in models.list_cards():
        if known.card is None:
            absent.append(Absentee(known.name, known.fault, "Mend the card, or remove it."))
        elif not isinstance(known.card, LocalCard) or known.card.role == "chat":
            found = models.check(known.card)
            if found.ready:
                ready.append(known.card)
            else:
                absent.append(Absentee(known.card.label, found.why, found.todo))
    return Menu(tuple(ready), tuple(absent), coming)


def list_candidates(menu: Menu, wanted: Sequence[str], pick: Pick) -> tuple[Seat, ...]:
    """Return seats of those among whom a battle is drawn: those wanted, else all that are ready.

    All have the same settings.
    Errors: Refused when they are fewer than two; InputError for a value out of range.
    """
    chosen = [card for card in menu.ready if not wanted or card.name in set(wanted)]
    if len(chosen) < 2:
        raise Refused(FEW_WANTED if wanted else ONE_READY if chosen else NONE_READY)
    return tuple(make_seat(position, card, pick) for position, card in enumerate(chosen))


def find_ready(models: Switchboard, name: str) -> Card:
    """Return a card that can be asked now.

    Errors: NotFound; Refused with why not and what to do.
    """
    card = models.find_card(name)
    found = models.check(card)
    if not found.ready:
        raise Refused(f"{found.why} {found.todo}".strip())
    return card


def make_seats(models: Switchboard, picks: Sequence[Pick]) -> tuple[Seat, ...]:
    """Return the seats of named models.

    Errors: InputError for a value out of range; Refused for a model that can't run.
    """
    for position, pick in enumerate(picks, 1):
        if not pick.model:
            raise InputError(f"Choose a model for response {position}.")
    return tuple(
        make_seat(position, find_ready(models, pick.model), pick)
        for position, pick in enumerate(picks)
    )


def make_seat(position: int, card: Card, pick: Pick) -> Seat:
    """Return one seat: a card with the settings that a form gives it.

    Errors: InputError for a value out of range.
    """
    if len(pick.system) > MAX_SYSTEM:
        raise InputError(
            f"The system text has {len(pick.system):,} characters; {MAX_SYSTEM:,} is the most."
        )
    template = pick.template or card.template if isinstance(card, LocalCard) else ""
    return Seat(
        position, card.name, card.label, card.sha256, template, hash_template(template),
        pick.system.strip(), read_sampling(pick),
    )  # fmt: skip


def renew_seat(models: Switchboard, seat: Seat, pick: Pick | None = None) -> Seat:
    """Return a seat with its card as it is now, and with other settings if they are given.

    Edge: a card that is gone changes nothing; the model itself will say so when it is asked.
    """
    pick = pick or Pick(
        seat.model, seat.system, seat.template, seat.sampling.temperature, seat.sampling.top_p,
        seat.sampling.top_k, seat.sampling.max_tokens,
    )  # fmt: skip
    try:
        card = models.find_card(seat.model)
    except CamelidError:
        return replace(seat, system=pick.system.strip(), sampling=read_sampling(pick))
    return make_seat(seat.position, card, pick)


def hash_template(name: str) -> str:
    """Return the hash of a chat template's text; the tokenizer's own has none here."""
    return read_template(name).sha256 if name else ""


def read_sampling(pick: Pick) -> Sampling:
    """Return the sampling parameters of a form.

    Errors: InputError with the value and its range.
    """
    return Sampling(
        temperature=check_range("Temperature", pick.temperature, 0, 2),
        top_p=check_range("Top-p", pick.top_p, 0.01, 1),
        top_k=int(check_range("Top-k", pick.top_k, 0, 1000)),
        max_tokens=int(check_range("Most new tokens", pick.max_tokens, 1, MAX_TOKENS)),
    )


def check_range(name: str, value: float | None, low: float, high: float) -> float:
    """Return a number that lies where it has to.

    Errors: InputError.
    """
    if value is None or not low <= value <= high:
        said = "empty" if value is None else f"{value:g}"
        raise InputError(f"{name} is {said}; it has to lie between {low:g} and {high:g}.")
    return value


def check_prompt(text: str) -> str:
    """Return what somebody wants to say.

    Errors: InputError when it is nothing, or too long.
    """
    if not text.strip():
        raise InputError("Write something first.")
    if len(text) > MAX_PROMPT:
        raise InputError(
            f"The message has {len(text):,} characters; {MAX_PROMPT:,} is the most. Shorten it."
        )
    return text.strip("\n")


def list_own_templates(models: Switchboard, name: str) -> list[tuple[str, str]] | None:
    """Return (label, template) of what a model can be asked with; None when that isn't ours."""
    try:
        card = models.find_card(name) if name else None
    except CamelidError:
        return None
    if not isinstance(card, LocalCard):
        return None
    own = f"{card.template} (the card's)" if card.template else "the tokenizer's own"
    return [(own, OWN_TEMPLATE), *((one, one) for one in list_templates() if one != card.template)]
