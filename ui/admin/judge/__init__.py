"""The admin's tab of the judge: runs, replies that wait for a person, which scores count."""

from ui.admin.judge.tab import Tribunal

__all__ = ["Tribunal"]
