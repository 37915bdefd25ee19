"""Keys are taken out of the environment and shown to nobody."""

import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.keyring import Keyring, is_secret

CANARY = "sk-CANARY-0123456789abcdef"


def make_environ():
    return {
        "OPENAI_API_KEY": f"{CANARY}\n",
        "HF_TOKEN": CANARY,
        "EMPTY_KEY": " ",
        "PATH": "/bin",
        "LC_ALL": "C.UTF-8",
        "CUDA_VISIBLE_DEVICES": "0",
        "CUDA_SECRET": CANARY,
        "DATABASE": "postgres://somebody:password@host",
        "CAMELID_DATA": "data",
    }


def test_keys_leave_the_environment():
    environ = make_environ()
    keyring = Keyring(environ)
    assert environ.keys() == {"PATH", "LC_ALL", "CUDA_VISIBLE_DEVICES", "DATABASE", "CAMELID_DATA"}
    assert keyring.find("OPENAI_API_KEY").get_secret_value() == CANARY


def test_what_is_not_set_or_empty_is_no_key():
    keyring = Keyring(make_environ())
    assert (keyring.find("EMPTY_KEY"), keyring.find("OTHER_KEY")) == (None, None)
    assert (keyring.has("OPENAI_API_KEY"), keyring.has("EMPTY_KEY")) == (True, False)


def test_variable_that_is_no_key_is_never_given_out():
    keyring = Keyring(make_environ())
    assert (keyring.has("PATH"), keyring.find("DATABASE")) == (False, None)


def test_child_gets_what_it_needs_and_nothing_else():
    child = Keyring(make_environ()).child_environment({"CAMELID_WORKER_KEY": "own"})
    assert child == {
        "PATH": "/bin",
        "LC_ALL": "C.UTF-8",
        "CUDA_VISIBLE_DEVICES": "0",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
        "CAMELID_WORKER_KEY": "own",
    }


@given(st.dictionaries(st.text("ABCDEHKLMNOPSTUY_", min_size=1), st.just(CANARY)))
def test_no_child_gets_anything_named_like_a_key(environ):
    environ |= {f"CUDA{name}_KEY": CANARY for name in environ}
    child = Keyring(environ).child_environment()
    assert not [name for name in child if is_secret(name)]


def test_key_is_not_shown_by_accident(caplog):
    caplog.set_level(logging.DEBUG)
    keyring = Keyring(make_environ())
    key = keyring.find("OPENAI_API_KEY")
    logging.getLogger("test").debug("%s %r %s", keyring, key, vars(keyring))
    with pytest.raises(KeyError) as caught:
        raise KeyError(keyring, key)
    shown = "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert "OPENAI_API_KEY" in repr(keyring)
    assert CANARY not in caplog.text + repr(keyring) + str(key) + f"{key}" + shown


def test_plain_key_would_be_shown():
    """The control: a plain text in the same places."""
    assert CANARY in repr({"key": make_environ()["HF_TOKEN"]})
    assert CANARY.encode() in pickle.dumps(make_environ())
