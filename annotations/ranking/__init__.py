"""Best-of-n: a reward model puts a system's samples in order, and each rank is a system."""

from annotations.ranking.records import Ranked, list_ranked

__all__ = ["Ranked", "list_ranked"]
