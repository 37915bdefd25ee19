"""What a page may post: read strictly, and handed on as what was checked."""

import json

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.events import MAX_UNREAD, BadEvent, Events, Function, list_functions

GOOD = {"fn_index": 3, "data": ["t", None], "session_hash": "a1b2", "trigger_id": 7}
EVENTS = Events({
    3: Function((False, False), triggers=frozenset({7})),
    4: Function((True,), queued=True),
})  # fmt: skip
FILE = {"path": "/uploads/x/a.csv", "url": "http://here/a.csv", "orig_name": "a.csv", "size": 3,
        "mime_type": "", "meta": {"_type": "gradio.FileData"}}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def uploads():
    """Gradio's own name for where uploads are, as the app sets it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", "/uploads")
        yield


def read(event, events=EVENTS, *, queued=False):
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return json.loads(events.read(body, queued=queued))


def test_a_good_event_is_handed_on_without_what_nobody_reads():
    sent = {
        **GOOD,
        "event_data": {"index": 0},
        "oauth_token": "x",
        "batched": True,
        "event_id": "e",
    }
    assert read(sent) == GOOD


def test_nothing_where_a_text_should_be_is_an_empty_text():
    events = Events({3: Function((False, False), triggers=frozenset({7}), texts=frozenset({1}))})
    assert read({**GOOD, "data": [None, None]}, events)["data"] == [None, ""]


FAULTS = [
    (b"", 400), (b"\x80", 400), (b"{}}", 400), (b"[1]", 422), (b"null", 422), (b"{}", 422),
    (b'{"fn_index":NaN}', 400), (b'{"fn_index":1e999}', 400), (b'{"a":"\\ud800"}', 400),
    (b'{"a":' + b"[" * 30_000, 400), (b'{"fn_index":3,"fn_index":3}', 400),
    (b'{"fn_index":' + b"9" * 5000 + b"}", 400),
    ({**GOOD, "fn_index": 99999}, 422), ({**GOOD, "fn_index": -1}, 422),
    ({**GOOD, "fn_index": "3"}, 422), ({**GOOD, "fn_index": 3.0}, 422),
    ({**GOOD, "fn_index": True}, 422), ({**GOOD, "fn_index": None}, 422),
    ({**GOOD, "fn_index": 4, "data": [None]}, 422),
    ({**GOOD, "data": None}, 422), ({**GOOD, "data": {}}, 422), ({**GOOD, "data": "ab"}, 422),
    ({**GOOD, "data": []}, 422), ({**GOOD, "data": [1]}, 422), ({**GOOD, "data": [1, 2, 3]}, 422),
    ({**GOOD, "data": [{}, 1]}, 422), ({**GOOD, "data": [[[]], 1]}, 422),
    ({**GOOD, "data": [FILE, 1]}, 422), ({**GOOD, "data": [[FILE], 1]}, 422),
    ({**GOOD, "data": ["a\0", 1]}, 422), ({**GOOD, "data": [2**60, 1]}, 422),
    ({**GOOD, "session_hash": None}, 422), ({**GOOD, "session_hash": ""}, 422),
    ({**GOOD, "session_hash": "a b"}, 422), ({**GOOD, "session_hash": "a" * 41}, 422),
    ({**GOOD, "session_hash": 7}, 422), ({**GOOD, "session_hash": "a\n"}, 422),
    ({**GOOD, "trigger_id": 8}, 422), ({**GOOD, "trigger_id": "7"}, 422),
    ({**GOOD, "trigger_id": [7]}, 422),
]  # fmt: skip


@pytest.mark.parametrize(("event", "status"), FAULTS)
def test_what_no_page_sends_is_refused_without_an_echo(event, status):
    with pytest.raises(BadEvent) as caught:
        read(event)
    assert caught.value.status == status
    assert len(str(caught.value)) < 80


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/etc/passwd"}, {"path": "/uploads/../x.csv"}, {"path": "a.csv"},
        {"path": "/uploads"}, {"path": "/uploads\0"}, {"path": "https://evil.example/x"},
        {"path": "file:///etc/passwd"}, {"path": 3},
        {"meta": None},
        {"meta": {"_type": "gradio.FileData", "x": 1}}, {"orig_name": {}}, {"new": 1},
    ],
)  # fmt: skip
def test_a_file_is_one_that_was_uploaded_and_none_is_fetched(change):
    event = {"fn_index": 4, "data": [FILE], "session_hash": "x"}
    assert read(event, queued=True)["data"] == [{**FILE, "url": None}]
    with pytest.raises(BadEvent):
        read({**event, "data": [{**FILE, **change}]}, queued=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
)


@given(st.fixed_dictionaries({}, optional={key: JSON for key in GOOD}))
def test_whatever_is_sent_is_read_or_refused(changes):
    body = json.dumps({**GOOD, **changes}).encode()
    try:
        checked = json.loads(EVENTS.read(body, queued=False))
    except BadEvent:
        return
    assert checked.keys() == GOOD.keys()
    assert len(checked["data"]) == 2


@given(st.binary(max_size=300))
def test_bytes_are_refused(body):
    with pytest.raises(BadEvent):
        EVENTS.read(body, queued=False)


def test_results_that_nobody_fetches_are_bounded():
    with gr.Blocks() as site:
        gr.Button().click(lambda: None)
    events = Events(list_functions(site), site)
    event = {"fn_index": 0, "data": [], "session_hash": "x"}
    read(event, events, queued=True)
    unread = site._queue.pending_event_ids_session
    unread["x"] = set(map(str, range(MAX_UNREAD)))
    with pytest.raises(BadEvent) as caught:
        read(event, events, queued=True)
    assert caught.value.status == 429
    unread.update({str(number): set() for number in range(9000)})
    read({**event, "session_hash": "y"}, events, queued=True)
    assert len(unread) <= 2000


def test_what_follows_another_function_is_started_by_what_started_that():
    with gr.Blocks() as site:
        button, other = gr.Button(), gr.Button()
        first = button.click(lambda: None)
        first.then(lambda: None).success(lambda: None)
        other.click(lambda: None)
    known = list_functions(site)
    assert all(button._id in known[number].triggers for number in (0, 1, 2))
    assert other._id not in known[2].triggers and known[3].triggers == {other._id}
