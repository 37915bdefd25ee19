"""What happens when an annotator acts: plain functions from an act to the next screen."""

from dataclasses import dataclass, replace

from annotations.annotators import set_locale
from annotations.assignment import (
    MAX_COMMENT,
    Standing,
    find_earlier,
    find_shown,
    has_started,
    save_ballot,
    skip_pair,
    stand_still,
    take_next,
)
from annotations.store import Store
from annotations.studies import find_study_by_id
from backend.errors import CamelidError, Conflict, InputError, Refused
from backend.records import CRITERIA, Annotator, Ballot, Choice, Receipt
from ui.crowd.screen import (
    Screen,
    make_message_screen,
    make_task_screen,
    make_welcome_screen,
)
from ui.wording import Wording, load_wording


class Told(CamelidError):
    """Words for the status line, in the annotator's language; the rest of the page stays."""


class NotSaved(Told):
    """A ballot was not stored, and why."""


@dataclass(frozen=True)
class Desk:
    """One annotator at work: what they can do, and what they see then."""

    store: Store
    annotator: Annotator
    link: str = ""

    @property
    def words(self) -> Wording:
        """Return the sentences in the annotator's language."""
        return load_wording(self.annotator.locale)

    def arrive(self) -> Screen:
        """Show what comes first: the welcome to somebody new, else the pair that is open."""
        if not has_started(self.store, self.annotator) and not self.store.is_full():
            return make_welcome_screen(self.words, self.annotator.quota, self.link)
        return self.go_on()

    def go_on(self, status: str = "") -> Screen:
        """Show the pair that is open for this person, or the next one, while there is room."""
        if self.store.is_full():
            return make_message_screen(self.words, stand_still(self.store, self.annotator), status)
        study = find_study_by_id(self.store, self.annotator.study_id)
        standing = take_next(self.store, study, self.annotator)
        if standing.task is None:
            return make_message_screen(self.words, standing, status)
        return make_task_screen(self.words, standing, standing.task, status)

    def save(self, ticket: str, choices: tuple[Choice | None, ...], comment: str) -> Screen:
        """Store a ballot; the next screen is made only after it is on disk.

        Errors: NotSaved with what to do; what is on the screen stays there.
        """
        ballot = self.read_ballot(choices, comment)
        try:
            receipt = save_ballot(self.store, self.annotator, ticket, ballot)
        except Conflict:
            study = find_study_by_id(self.store, self.annotator.study_id)
            key = "closed_edit" if study.status == "closed" else "stale"
            raise NotSaved(self.words[key]) from None
        except (InputError, Refused):
            raise NotSaved(self.words["gone"]) from None
        try:
            return self.go_on(self.confirm(receipt))
        except CamelidError:  # what is committed is saved, whether there is a next pair or not
            raise Told(self.confirm(receipt)) from None

    def read_ballot(self, choices: tuple[Choice | None, ...], comment: str) -> Ballot:
        """Return what was answered, if every question was."""
        given = dict(zip(CRITERIA, choices, strict=True))
        missing = [self.words[name] for name in CRITERIA if given[name] is None]
        if missing:
            raise NotSaved(self.words["missing"].format(criteria=", ".join(missing)))
        if len(comment) > MAX_COMMENT:
            words = self.words["too_long"].format(n=len(comment), limit=MAX_COMMENT)
            raise NotSaved(words)
        return Ballot({name: choice for name, choice in given.items() if choice}, comment.strip())

    def confirm(self, receipt: Receipt) -> str:
        """Return the words that say it is saved; they are true only after the commit."""
        key = "saved_late" if receipt.surplus else "saved"
        return self.words[key].format(n=receipt.n_saved, quota=receipt.quota)

    def go_back(self, ticket: str) -> Screen:
        """Show the pair that was answered before the one on the screen."""
        try:
            standing = find_earlier(self.store, self.annotator, ticket)
        except Refused:
            raise NotSaved(self.words["gone"]) from None
        return self.go_on() if standing is None else self.show(standing)

    def show_again(self, ticket: str) -> Screen:
        """Show the same pair once more, in another language perhaps."""
        try:
            return self.show(find_shown(self.store, self.annotator, ticket))
        except Refused:
            return self.arrive()

    def show(self, standing: Standing) -> Screen:
        """Show a pair; if it was answered before, say that it is being changed."""
        if standing.task is None:
            return make_message_screen(self.words, standing)
        words = self.words["editing"].format(position=standing.task.position)
        return make_task_screen(
            self.words, standing, standing.task, words if standing.task.ballot else ""
        )

    def skip(self, ticket: str, reason: str | None) -> Screen:
        """Set the pair aside and show another."""
        try:
            skip_pair(self.store, self.annotator, ticket, reason or "")
        except InputError:
            raise NotSaved(self.words["skip_choose"]) from None
        except Conflict:
            raise NotSaved(self.words["stale"]) from None
        except Refused:
            raise NotSaved(self.words["gone"]) from None
        return self.go_on(self.words["skipped"])

    def speak(self, locale: str) -> "Desk":
        """Return the same desk in another language, which is remembered."""
        set_locale(self.store, self.annotator, locale)
        return replace(self, annotator=replace(self.annotator, locale=locale))
