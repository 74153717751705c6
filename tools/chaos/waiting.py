"""Waiting for something to become true."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class NotInTime(AssertionError):
    """It did not happen; the message says what and within which time."""


def until(condition: Callable[[], T], what: str, *, seconds: float = 30, every: float = 0.05) -> T:
    """What the condition gave at last. Raises NotInTime."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise NotInTime(f"not within {seconds:g} s: {what}")
        time.sleep(every)
