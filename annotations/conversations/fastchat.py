"""Conversations in the shape of FastChat's logs, for the tools that read those.

A line is a chat (one answer of one side) or a vote on two sides. FastChat's log has one vote where
we have three questions, so a file is about one of them. Left out: votes between more than two
sides, and answers that failed.
Source: the log lines and the readers of lm-sys/FastChat, `serve` and `serve/monitor`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

Line = dict[str, Any]

VOTE_TYPES = {"0": "leftvote", "1": "rightvote", "tie": "tievote", "bad": "bothbad_vote"}
# What FastChat's own formats call the two who speak.
ROLES = {
    "alpaca": ["### Instruction", "### Response"],
    "vicuna_v1.1": ["USER", "ASSISTANT"],
    "vicuna_v0": ["Human", "Assistant"],
    "chatml": ["<|im_start|>user", "<|im_start|>assistant"],
}
PLAIN = ["user", "assistant"]


def tell_fastchat(talk: Line, criterion: str) -> Iterator[Line]:
    """Yield the lines of one exported conversation, in the order of time."""
    lines = [*tell_chats(talk), *tell_votes(talk, criterion)]
    yield from sorted(lines, key=lambda line: float(line["tstamp"]))


def tell_chats(talk: Line) -> Iterator[Line]:
    """Yield a line for each answer of each side, those that were asked for again among them."""
    for turn in talk["turns"]:
        for reply in turn["replies"]:
            if "text" in reply:
                yield tell_chat(talk, turn, reply)


def tell_chat(talk: Line, turn: Line, reply: Line) -> Line:
    """Return the line of one answer."""
    seat = find_seat(talk, reply)
    finish = read_time(reply["saved_at"])
    return {
        "tstamp": finish,
        "type": "chat",
        "model": seat["model"],
        "gen_params": {
            "temperature": seat["sampling"]["temperature"],
            "top_p": seat["sampling"]["top_p"],
            "max_new_tokens": seat["sampling"]["max_tokens"],
        },
        "start": read_time(reply["started_at"]),
        "finish": finish,
        "state": tell_state(talk, turn, reply),
        "ip": "",
    }


def tell_votes(talk: Line, criterion: str) -> Iterator[Line]:
    """Yield a line for the last vote on each pair of answers."""
    if len(talk["seats"]) != 2:
        return
    for turn in talk["turns"]:
        replies = {reply["reply_id"]: reply for reply in turn["replies"]}
        last = {tuple(ballot["replies"]): ballot for ballot in turn["ballots"]}
        for about, ballot in last.items():
            states = [tell_state(talk, turn, replies[reply_id]) for reply_id in about]
            is_blind = talk["mode"] == "blind"
            yield {
                "tstamp": read_time(ballot["saved_at"]),
                "type": VOTE_TYPES[ballot["choices"][criterion]],
                "models": ["" if is_blind else state["model_name"] for state in states],
                "states": states,
                "ip": "",
            }


def tell_state(talk: Line, turn: Line, reply: Line) -> Line:
    """Return what one side had said and heard when it had given one answer."""
    seat = find_seat(talk, reply)
    roles = ROLES.get(seat["template"], PLAIN)
    told = [*tell_earlier(talk, turn, reply["position"]), (turn, reply)]
    messages = []
    for one, answer in told:
        prompt = f"{one['prompt']}\n\n{one['input']}" if one["input"] else one["prompt"]
        messages += [[roles[0], prompt], [roles[1], answer["text"]]]
    return {
        "template_name": seat["template"],
        "system_message": seat["system"],
        "roles": roles,
        "messages": messages,
        "offset": 0,
        "conv_id": f"{talk['conversation']}-{reply['position']}",
        "model_name": seat["model"],
    }


def tell_earlier(talk: Line, turn: Line, position: int) -> Iterator[tuple[Line, Line]]:
    """Yield the earlier turns that a side answered in time, each with that answer."""
    for one in talk["turns"]:
        said = one["said"][position]
        if one["current"] and one["number"] < turn["number"] and said is not None:
            yield one, next(reply for reply in one["replies"] if reply["reply_id"] == said)


def find_seat(talk: Line, reply: Line) -> Line:
    """Return the settings that an answer was made with."""
    seat: Line = talk["seats"][reply["position"]][reply["seat_version"]]
    return seat


def read_time(text: str) -> float:
    """Return a moment in epoch seconds."""
    return round(datetime.fromisoformat(text).timestamp(), 4)
