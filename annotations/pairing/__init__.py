"""The circle: what people and judges preferred becomes pairs that the next model learns from."""

from annotations.pairing.export import write_rows
from annotations.pairing.pairs import PairSet, PreferredPair, make_pairs
from annotations.pairing.wishes import PairWish

__all__ = ["PairSet", "PairWish", "PreferredPair", "make_pairs", "write_rows"]
