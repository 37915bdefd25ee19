"""GPUs that are lent: while training has one, no worker of a chat model starts on it."""

from dataclasses import dataclass

from backend.registry.cards import LocalCard

FIRST = 0  # the GPU of a card that names none


@dataclass(frozen=True, slots=True)
class Loan:
    """GPUs that somebody else has; `why` is the end of a sentence: "… is trained on it"."""

    devices: tuple[int, ...] = ()
    why: str = ""

    def explain(self, card: LocalCard) -> str:
        """Return why a card can't be served at the moment, in a sentence; nothing if it can."""
        number = find_device(card)
        if number is None or number not in self.devices:
            return ""
        return (
            f"{card.label} makes room on GPU {number}: {self.why}. It can be asked again when "
            "that has ended."
        )


def find_device(card: LocalCard) -> int | None:
    """Return the GPU that a card is served on, where there is one; None for the CPU."""
    if card.device == "cpu":
        return None
    _, _, number = card.device.partition(":")
    return int(number) if number else FIRST
