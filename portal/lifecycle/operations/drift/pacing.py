"""No more requests a second at one cluster than is allowed."""

from __future__ import annotations

import threading
import time


class Pace:
    """Shared by threads. `per_second` 0 sets no bound; `made` counts."""

    def __init__(self, per_second: float) -> None:
        self._pause = 1 / per_second if per_second else 0.0
        self._lock = threading.Lock()
        self._next = 0.0
        self.made = 0

    def __call__(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            self.made += 1
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + self._pause
        if turn > now:
            time.sleep(turn - now)
