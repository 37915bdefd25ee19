"""Judgments as the ledger knows them, and the one place that says which scores of them count."""

import json
from dataclasses import dataclass
from typing import Literal, cast

from annotations.store import Row, Store
from backend.judge.records import Slot, VerdictOutcome

Scores = Literal["read", "stored"]
Kind = Literal["pair", "single"]
TIE = 1e-9  # scores closer than this are the same
DENIED = "stored winner"  # how a flag begins that holds a file's winner which its text denies

# One row: one judgment that stands, with its latest reading by a person. A key that was tried
# again is spoken for by its verdict, or by its last failure where there is none.
SELECT_STANDING = """
    SELECT {columns}, b.name AS benchmark, i.ext_id AS item, i.app AS category, i.lang,
        s1.name AS name_1, s2.name AS name_2, h.score_1 AS hand_1, h.score_2 AS hand_2,
        h.judgment_reading_id IS NOT NULL AS by_hand, f.name AS file, r.snapshot, r.form,
        r.sampling
    FROM judgment j JOIN item i USING(item_id) JOIN benchmark b USING(benchmark_id)
        JOIN system s1 ON s1.system_id = j.system_1 LEFT JOIN system s2 ON s2.system_id = j.system_2
        LEFT JOIN source_file f ON f.source_id = j.source_id
        LEFT JOIN judge_run r ON r.judge_run_id = j.judge_run_id
        LEFT JOIN judgment_reading h ON h.judgment_reading_id = (
            SELECT max(judgment_reading_id) FROM judgment_reading WHERE judgment_id = j.judgment_id)
    WHERE NOT EXISTS (SELECT 1 FROM judgment n WHERE n.key = j.key AND n.attempt > j.attempt)"""
SELECT_JUDGMENTS = SELECT_STANDING.format(columns="j.*")
# All that a record is made of: the texts are long, and there are many rows.
SELECT_RECORDS = SELECT_STANDING.format(
    columns="""j.judgment_id, j.key, j.kind, j.answer_1, j.answer_2, j.reference_slot, j.repeat,
        j.judge, j.judge_assumed, j.judge_run_id, j.protocol, j.prompt_sha256, j.outcome, j.fault,
        j.detail, j.how, j.flags, j.read_1, j.read_2, j.winner, j.stored_1, j.stored_2,
        j.cost_usd"""
)


@dataclass(frozen=True, slots=True)
class Judgment:
    """One judgment: who was compared, by whom, how it ended, and every score it has.

    Units: scores as they were given; `read` and `by_hand` lie in 0 to 10, `stored` is what a file
    says. Edge: `system_2` and the second of each pair of scores are None for a single answer;
    `answer_1` and `answer_2` are the numbers of the answers, None where the ledger lacks the text.
    `source` is the file's name, or "run N"; `setting` is what a run had besides the protocol's
    name: prompts, snapshot, and what it asked for otherwise than the protocol does.
    """

    judgment_id: int
    key: str
    kind: Kind
    benchmark: str
    item_id: str
    category: str
    lang: str
    system_1: str
    system_2: str | None
    answer_1: int | None
    answer_2: int | None
    reference_slot: int | None
    repeat: int
    judge: str
    judge_assumed: bool
    source: str
    protocol: str
    outcome: VerdictOutcome
    fault: str
    detail: str
    how: str
    flags: tuple[str, ...]
    read: tuple[float, float | None] | None
    stored: tuple[float | None, float | None] | None
    by_hand: tuple[float, float | None] | None
    hand_unreadable: bool
    given_winner: Slot | None
    cost_usd: float | None
    setting: str = ""

    @property
    def system(self) -> str:
        """Return whose answer is measured: the one beside the reference."""
        return self.system_2 if self.reference_slot == 1 and self.system_2 else self.system_1

    @property
    def reference(self) -> str | None:
        """Return what it is measured against; None for a single answer."""
        return self.system_1 if self.reference_slot == 1 else self.system_2

    @property
    def way(self) -> str:
        """Return how the judge was asked, all of it; what was asked in another way stands apart.

        Edge: llm_judge has a prompt for each category; they are one way.
        """
        first = self.protocol.partition(" ")[0]
        return first if first == "llm_judge" else f"{self.protocol}{self.setting}"

    def score(self, scores: Scores = "read") -> tuple[float, float | None] | None:
        """Return the scores of the first and the second answer that count; None where none do.

        A person's reading goes before all; `scores` says whether those read from the text come
        next, or those that the file brought. Edge: a stored score outside of 0 to 10 (-1 is a
        parser's failure) is none; where no file brought any, the text's count.
        """
        if self.by_hand is not None:
            return self.by_hand
        if self.hand_unreadable:
            return None
        if scores == "stored" and self.stored is not None:
            return check_scores(self.stored, self.kind)
        return self.read

    @property
    def said_winner(self) -> Slot | None:
        """Return the winner that a file says where its text denies it."""
        told = [flag.removeprefix(f"{DENIED} ") for flag in self.flags if flag.startswith(DENIED)]
        return cast(Slot, told[0]) if told else None

    def winner(self, scores: Scores = "read") -> Slot | None:
        """Return the better slot by the scores that count, or as it was given without scores.

        With "stored" a file's own winner counts where its text denies it.
        """
        unread = self.by_hand is None and not self.hand_unreadable
        if scores == "stored" and unread and self.said_winner:
            return self.said_winner
        counted = self.score(scores)
        if counted is None:
            return None if self.hand_unreadable else self.given_winner
        first, second = counted
        if second is None:
            return None
        return "tie" if abs(first - second) < TIE else "1" if first > second else "2"

    @property
    def differs(self) -> bool:
        """Say whether a file's scores, or its winner, are not those that its text gives."""
        if self.outcome != "ok":
            return False
        denied = self.said_winner is not None
        return denied or (self.stored is not None and self.read != self.stored)


def check_scores(
    stored: tuple[float | None, float | None], kind: Kind
) -> tuple[float, float | None] | None:
    """Return stored scores that can count."""
    first, second = stored
    needed = [first] if kind == "single" else [first, second]
    if any(score is None or not 0 <= score <= 10 for score in needed) or first is None:
        return None
    return first, second


def make_judgment(row: Row) -> Judgment:
    """Turn a row of SELECT_RECORDS, or one with more columns, into a record."""
    by_hand = bool(row["by_hand"]) and row["hand_1"] is not None
    stored = None if row["stored_1"] is None else (row["stored_1"], row["stored_2"])
    return Judgment(
        row["judgment_id"], row["key"], row["kind"], row["benchmark"], row["item"],
        row["category"], row["lang"], row["name_1"], row["name_2"], row["answer_1"],
        row["answer_2"], row["reference_slot"], row["repeat"], row["judge"],
        bool(row["judge_assumed"]), row["file"] or f"run {row['judge_run_id']}", row["protocol"],
        row["outcome"], row["fault"], row["detail"], row["how"], tuple(json.loads(row["flags"])),
        None if row["read_1"] is None else (row["read_1"], row["read_2"]), stored,
        (row["hand_1"], row["hand_2"]) if by_hand else None,
        bool(row["by_hand"]) and not by_hand, row["winner"], row["cost_usd"], tell_setting(row),
    )  # fmt: skip


def tell_setting(row: Row) -> str:
    """Return how a run asked, in words to stand behind its protocol's name; "" for a file.

    Edge: another seed is a repeat, no other setting.
    """
    if row["judge_run_id"] is None:
        return ""
    sampling = json.loads(row["sampling"])
    words = [
        f" {row['prompt_sha256'][:6]}",
        *([row["snapshot"]] if row["snapshot"] != row["judge"] else []),
        *(["by schema"] if row["form"] == "schema" else []),
        *(
            f"{name.replace('_', ' ')} {sampling[name]:g}"
            for name in ("temperature", "max_tokens")
            if sampling[name] is not None
        ),
    ]
    return ", ".join(words)


def list_judgments(
    store: Store, where: str = "", values: tuple[object, ...] = ()
) -> list[Judgment]:
    """Return the judgments that stand, oldest first; `where` starts with AND and uses j, i, b."""
    sql = f"{SELECT_RECORDS} {where} ORDER BY j.judgment_id"
    return [make_judgment(row) for row in store.rows(sql, values)]


def read_choice(store: Store) -> Scores:
    """Return which scores count where nothing else is said: those read from the text at first."""
    rows = store.rows("SELECT choice FROM score_choice ORDER BY score_choice_id DESC LIMIT 1", ())
    choice: Scores = rows[0]["choice"] if rows else "read"
    return choice


def choose_scores(store: Store, choice: Scores, actor: str) -> None:
    """Write down which scores count from now on."""
    with store.write() as db:
        db.execute(
            "INSERT INTO score_choice(choice, actor, created_at) VALUES (?, ?, ?)",
            (choice, actor, store.clock()),
        )
        store.record_event(db, actor, "score_choice", choice=choice)
