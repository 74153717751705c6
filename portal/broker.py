"""Celery's connection to the broker, which may go away at any time.

kombu 5.7 ends a worker, with its pool and every helm, when the broker was lost while a task ran: it puts back
what is unfinished, and acknowledges what is finished, over a channel that it has closed. Neither is needed: a
message is only a wake-up, and one that is delivered again finds its change taken.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis


class Channel(redis.Channel):
    """Puts nothing back, and says nothing more once it is closed."""

    do_restore = False

    def basic_ack(self, *args: Any, **kwargs: Any) -> None:
        if not self.closed:
            super().basic_ack(*args, **kwargs)

    def basic_reject(self, *args: Any, **kwargs: Any) -> None:
        if not self.closed:
            super().basic_reject(*args, **kwargs)


def harden() -> None:
    """For every connection that is made from now on."""
    redis.Transport.Channel = Channel
