"""Judges: runs, judgments, what people made of them, and the numbers that come out."""
