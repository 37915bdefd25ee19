from training.data.published import KNOWN, name_fetch


def test_every_known_file_is_pinned_to_a_commit():
    for entry in KNOWN.values():
        assert len(entry.url.split("/")[5]) == 40 and entry.file.startswith(entry.name)


def test_a_published_file_has_the_name_that_fetches_it():
    assert {name_fetch(entry.file) for entry in KNOWN.values()} == set(KNOWN)
    assert name_fetch("mine.json") == ""
