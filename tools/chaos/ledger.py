"""What the clients of a run were told, against which the end is held."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """One wish: its key, and what became of it as far as the client knows."""

    person: str
    key: str
    kind: str
    text: str
    change: int = 0
    end: str = ""
    outcome: str = ""
    trouble: str = ""


@dataclass
class Ledger:
    """Written by many clients at once."""

    entries: list[Entry] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, person: str, key: str, kind: str, text: str) -> Entry:
        """Noted before it is asked for."""
        entry = Entry(person, key, kind, text)
        with self._lock:
            self.entries.append(entry)
        return entry

    @property
    def acknowledged(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.change]

    def ends(self) -> Counter[str]:
        return Counter(entry.end for entry in self.entries if entry.end)

    def texts(self) -> dict[int, str]:
        """{change: the text that it brings}."""
        return {entry.change: entry.text for entry in self.acknowledged}

    def as_rows(self) -> list[dict[str, Any]]:
        return [vars(entry) for entry in self.entries]
