"""The circle: what people and judges preferred becomes pairs that the next model learns from."""

from annotations.pairing.export import write_pairs
from annotations.pairing.pairs import PairSet, PreferredPair, make_pairs
from annotations.pairing.wishes import PairWish, check_wish

__all__ = ["PairSet", "PairWish", "PreferredPair", "check_wish", "make_pairs", "write_pairs"]
