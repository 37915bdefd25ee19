import pytest

from backend.registry.hub import explain_fault


class Answer(OSError):
    def __init__(self, status):
        self.response = type("Response", (), {"status_code": status})


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Answer(401), "token"),
        (Answer(403), "owner"),
        (Answer(404), "no such"),
        (Answer(502), "502"),
        (OSError(28, "No space left"), "full"),
        (ConnectionError(), "reached"),
        (ValueError(), "reached"),
    ],
)
def test_a_fault_of_the_hub_is_told_in_words(error, words):
    assert words in explain_fault(error)
