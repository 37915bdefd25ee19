"""Judgments for tests, without a ledger."""

from dataclasses import replace

from annotations.judging.panels import Material
from annotations.judging.records import Judgment

ONE = Judgment(
    judgment_id=0, key="", kind="pair", benchmark="vicuna_80", item_id="1", category="generic",
    lang="en", system_1="alpaca-13b", system_2="gpt-4", answer_1=None, answer_2=None,
    reference_slot=2, repeat=0, judge="judge", judge_assumed=False, source="run 1",
    protocol="camelid", outcome="ok", fault="", detail="", how="first line", flags=(), read=None,
    stored=None, by_hand=None, hand_unreadable=False, given_winner=None, cost_usd=0.0,
)  # fmt: skip


def judge(item=1, read=(8.0, 9.0), slot=2, systems=("alpaca-13b", "gpt-4"), **fields):
    """One judgment of a system beside its reference; `read` in the order of the systems.

    With the reference in slot 1 both the systems and the scores are turned.
    """
    turn = 1 if slot == 2 else -1
    first, second = systems[::turn]
    if "outcome" not in fields and read is None and "given_winner" not in fields:
        fields["outcome"] = "unreadable"
    return replace(
        ONE, item_id=str(item), system_1=first, system_2=second, reference_slot=slot,
        read=read and read[::turn], **fields,
    )  # fmt: skip


def make_material(judgments, ranked=(), translated=()):
    """What figures are made from, with the same ranks and translations on every benchmark."""
    names = {one.benchmark for one in judgments}
    return Material(
        judgments,
        {name: list(ranked) for name in names},
        {name: frozenset(translated) for name in names},
    )
