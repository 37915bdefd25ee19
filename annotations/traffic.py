"""Traffic: how many ballots came lately, and how many pairs are on a screen."""

from dataclasses import dataclass

from annotations.store import Store

# One row: ballots of the last minute, hour and day, and leases that have not run out.
SELECT_TRAFFIC = """
    SELECT coalesce(sum(created_at > :now - 60), 0) AS n_minute,
        coalesce(sum(created_at > :now - 3600), 0) AS n_hour, count(*) AS n_day,
        (SELECT count(*) FROM assignment WHERE state = 'leased' AND expires_at > :now) AS n_leased
    FROM ballot WHERE created_at > :now - 86400"""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Ballots saved in the last minute, hour and day, revisions among them, and open pairs."""

    n_minute: int
    n_hour: int
    n_day: int
    n_leased: int


def count_traffic(store: Store) -> Traffic:
    """Return what goes on, in all studies together."""
    row = store.rows(SELECT_TRAFFIC, {"now": store.clock()})[0]
    return Traffic(**dict(row))
