"""Sending a wake-up, which may fail: the row is the queue, and the sweep finds it again."""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery import Task

log = structlog.get_logger(__name__)

# after a failure nobody of this process tries again for so long: connecting in vain takes seconds
PAUSE_SECONDS = 5.0

_silent_until = 0.0


def send(task: Task[..., Any], *arguments: int, countdown: float = 0.0) -> None:
    """Send it to the broker; never raises, and does not wait for one that has just failed."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        task.apply_async(arguments, countdown=countdown)
    except Exception:  # the broker's client raises many kinds, and none of them matters here
        _silent_until = time.monotonic() + PAUSE_SECONDS
        log.warning("wake_up_not_sent", task=task.name, arguments=arguments, exc_info=True)
