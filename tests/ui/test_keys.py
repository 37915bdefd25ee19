"""The secret key, and what is signed with it."""

import string

import pytest
from itsdangerous import URLSafeSerializer

from backend.errors import Refused, SettingsError
from ui.keys import KEY_NAME, Invitation, Signer, read_key

INVITATION = Invitation("slug", "CODE", 2000)


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    key = read_key(tmp_path)
    assert read_key(tmp_path) == key
    assert len(key) > 40
    assert (tmp_path / KEY_NAME).stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_refused(tmp_path):
    read_key(tmp_path)
    (tmp_path / KEY_NAME).chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_key(tmp_path)


@pytest.mark.parametrize("held", ["", "\n", "short"])
def test_a_key_that_was_cut_off_is_refused(tmp_path, held):
    read_key(tmp_path)
    (tmp_path / KEY_NAME).write_text(held)
    with pytest.raises(SettingsError, match="no whole key"):
        read_key(tmp_path)


def test_what_is_signed_comes_back():
    signer = Signer("key")
    assert signer.read_staff(signer.sign_staff("token")) == "token"
    assert signer.read_annotator(signer.sign_annotator(3, "CODE")) == (3, "CODE")
    assert signer.read_invitation(signer.sign_invitation(INVITATION), now=1000) == INVITATION


def test_an_invitation_runs_out():
    signer = Signer("key")
    with pytest.raises(Refused, match="run out"):
        signer.read_invitation(signer.sign_invitation(INVITATION), now=2001)


def change_each(text):
    for place, character in enumerate(text):
        yield text[:place] + ("A" if character != "A" else "B") + text[place + 1 :]


def test_no_changed_character_of_an_invitation_passes():
    signer = Signer("key")
    text = signer.sign_invitation(INVITATION)
    passed = 0
    for changed in change_each(text):
        try:
            signer.read_invitation(changed, now=1000)
            passed += 1
        except Refused:
            pass
    assert passed == 0


@pytest.mark.parametrize("text", ["", ".", "x", "WzEsMl0", "WzEsMl0.", "’"])
def test_what_is_not_ours_is_not_read(text):
    signer = Signer("key")
    assert signer.read_staff(text) is None
    assert signer.read_annotator(text) is None


def test_one_kind_does_not_stand_for_another_nor_one_key_for_another():
    signer = Signer("key")
    assert signer.read_annotator(signer.sign_staff("token")) is None
    assert signer.read_staff(signer.sign_annotator(1, "CODE")) is None
    assert Signer("other").read_staff(signer.sign_staff("token")) is None


def test_no_other_spelling_of_a_signature_is_read():
    """Base64 has four last letters for the same bits; without our look at them, four would pass."""
    signer = Signer("key")
    text = signer.sign_annotator(1, "CODE")
    spellings = [text[:-1] + letter for letter in string.ascii_letters + string.digits + "-_"]
    assert [one for one in spellings if signer.read_annotator(one)] == [text]
    lax = URLSafeSerializer("key", salt="annotator")
    assert sum(lax.loads_unsafe(one)[0] for one in spellings) == 4
