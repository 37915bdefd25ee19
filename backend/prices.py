"""Prices that a provider has published, for cards that say none of their own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

FILE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, when it was so, and where that was read.

    Units: US dollars a million tokens; `listed_on` is a date, as 2025-07-01.
    """

    input_usd: float
    output_usd: float
    listed_on: str
    source: str


def find_price(base_url: str, model: str) -> Price | None:
    """Return the published price of a model, or None where the table has none.

    Edge: only the provider's own server has its prices; a name ending in a date that the table
    lacks has none, whatever its family costs.
    """
    try:
        host = (urlsplit(base_url).hostname or "").rstrip(".")
    except ValueError:  # brackets that hold no address
        return None
    return read_prices().get((host, model))


@cache
def read_prices(path: Path = FILE) -> Mapping[tuple[str, str], Price]:
    """Return the table: a price for each host and model."""
    told = json.loads(path.read_text("utf-8"))
    return MappingProxyType(
        {
            (host, model): Price(row["input_usd"], row["output_usd"], row["date"], row["source"])
            for host, models in told.items()
            for model, row in models.items()
        }
    )
