"""What ends a start; the message says what to do."""

from __future__ import annotations


class CannotStart(Exception):
    """Something that must be there is not, or a part does not get healthy."""


class Stopped(Exception):
    """Somebody asked the supervisor to end (Ctrl-C, SIGTERM, `make down`)."""
