"""Why a notice did not get out."""

from __future__ import annotations


class Undelivered(Exception):
    """The message says why, in a sentence that may be shown."""


class Unreachable(Undelivered):
    """The other side did not answer or could not take it: worth another try, later."""


class Refused(Undelivered):
    """It will never take this one."""
