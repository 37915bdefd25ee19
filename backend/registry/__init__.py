"""Model cards: built in, in the data folder, and beside a checkpoint."""

from backend.registry.readiness import (
    Readiness,
    check_card,
    fill_prices,
    find_prices,
    find_weights,
    say_prices,
)
from backend.registry.shelf import (
    Known,
    add_card,
    find_card,
    list_cards,
    remove_card,
)

__all__ = [
    "Known",
    "Readiness",
    "add_card",
    "check_card",
    "fill_prices",
    "find_card",
    "find_prices",
    "find_weights",
    "list_cards",
    "remove_card",
    "say_prices",
]
