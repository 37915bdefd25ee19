"""The sentences that annotators read."""

import re

import pytest

from ui.wording import LOCALES, choose_locale, hash_wording, load_wording

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def test_both_languages_have_the_same_keys_and_placeholders():
    english, chinese = (load_wording(locale) for locale in LOCALES)
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(chinese[key])), key


def test_nothing_is_left_untranslated():
    english, chinese = (load_wording(locale) for locale in LOCALES)
    assert [key for key in english if english[key] == chinese[key]] == []


def test_no_sentence_shouts():
    for locale in LOCALES:
        assert not [text for text in load_wording(locale).values() if "!" in text or "！" in text]


@pytest.mark.parametrize(
    ("asked", "stored", "accepted", "locale"),
    [
        ("zh", "en", "en-GB", "zh"),
        (None, "zh", "en", "zh"),
        (None, None, "zh-Hant-HK,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "fr-FR,fr;q=0.9,zh-SG;q=0.8", "zh"),
        (None, None, "fr", "en"),
        ("xx", None, None, "en"),
    ],
)
def test_the_language_is_what_was_asked_for_then_stored_then_the_browsers(
    asked, stored, accepted, locale
):
    assert choose_locale(asked, stored, accepted) == locale


def test_the_hash_covers_the_words():
    assert len(hash_wording()) == 64
