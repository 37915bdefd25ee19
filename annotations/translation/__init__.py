"""Translation: a benchmark and answers to it in another language, text by text."""

from annotations.translation.records import Target, list_targets, list_translated

__all__ = ["Target", "list_targets", "list_translated"]
