"""Conversations of people with models, and the votes on their turns.

What was said stays: an edited prompt is a new edition of its turn, an answer that is asked for
again a new attempt, a changed vote a new revision, other settings a new version of their seat.
"""

from annotations.conversations.ballots import cast_ballot, reveal
from annotations.conversations.battles import draw_battle, start_battle
from annotations.conversations.records import (
    CHAT_CHOICES,
    ChatBallot,
    Conversation,
    Mode,
    Seat,
    StoredReply,
    Turn,
)
from annotations.conversations.talks import (
    change_seats,
    find_talk,
    history,
    list_talks,
    start_talk,
)
from annotations.conversations.turns import add_turn, edit_turn, save_reply

__all__ = [
    "CHAT_CHOICES",
    "ChatBallot",
    "Conversation",
    "Mode",
    "Seat",
    "StoredReply",
    "Turn",
    "add_turn",
    "cast_ballot",
    "change_seats",
    "draw_battle",
    "edit_turn",
    "find_talk",
    "history",
    "list_talks",
    "reveal",
    "save_reply",
    "start_battle",
    "start_talk",
]
