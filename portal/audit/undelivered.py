"""Why a notice did not get out."""

from __future__ import annotations

from datetime import timedelta


class Undelivered(Exception):
    """The message says why, in a sentence that may be shown."""


class Unreachable(Undelivered):
    """The other side did not answer or could not take it: worth another try, after `wait` at the earliest."""

    def __init__(self, message: str, *, wait: timedelta = timedelta()) -> None:
        super().__init__(message)
        self.wait = wait


class Refused(Undelivered):
    """It will never take this one."""
