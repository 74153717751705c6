"""The stack's Valkey, talked to by hand."""

from __future__ import annotations

import socket
from pathlib import Path

SECONDS = 5.0


class Broker:
    """Messages of the queue `celery`, and how to lose them."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def flush(self) -> None:
        """Lose every message, also those that a worker has taken and not acknowledged."""
        self.say("FLUSHALL")

    def waiting(self) -> int:
        """Messages that no worker has taken."""
        return int(self.say("LLEN", "celery").removeprefix(":"))

    def say(self, *words: str) -> str:
        """One command; its first line. Raises OSError when it does not answer."""
        text = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            connection.connect(str(self.path))
            connection.sendall(text.encode())
            return connection.recv(4096).decode().splitlines()[0]
