"""Every error that a person can do something about.

CamelidError
+- SettingsError      a setting is missing or out of range
+- InputError         a file or a field holds something we can't take; names the line
+- NotFound           no such study, benchmark, system or item
+- Conflict           what you saw is no longer what is stored
+- LockedError        another process writes in this data folder
+- LedgerError        the database can't be opened, or isn't ours
+- Refused            who asks may not do that (bad link, bad login, closed study)
+- MissingTool        a program or a file that has to be on this machine is not

A message is a sentence to a person: what was wrong, with its value, and what to do.
"""


class CamelidError(Exception):
    """Something went wrong that the message explains to a person."""


class SettingsError(CamelidError):
    """A setting is missing or out of range."""


class InputError(CamelidError):
    """A file or a field holds something that can't be taken; nothing was written."""

    def __init__(self, message: str, line: int | None = None) -> None:
        """Put the line, counted from 1, in front of the message where there is one."""
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


class NotFound(CamelidError):
    """There is no study, benchmark, system or item of that name."""


class Conflict(CamelidError):
    """What was on the screen is no longer what is stored; nothing was overwritten."""


class LockedError(CamelidError):
    """Another process holds the data folder's write lock."""


class LedgerError(CamelidError):
    """The database can't be opened, is not ours, or is newer than this program."""


class Refused(CamelidError):
    """Who asks may not do that: a bad link, a bad login, or a study that is not open."""


class MissingTool(CamelidError):
    """A program or a file that has to be on this machine is not."""
