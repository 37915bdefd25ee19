"""The admin's tab of training: what is trained, how it goes, and what people preferred."""

from ui.admin.training.tab import School

__all__ = ["School"]
