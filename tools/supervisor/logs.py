"""Log files: appended by the parts themselves, cut by size from outside."""

from __future__ import annotations

import shutil
from pathlib import Path

LARGEST = 5 * 1024 * 1024
KEPT = 3


def rotate(log: Path, largest: int = LARGEST, kept: int = KEPT) -> bool:
    """Copy a log beyond `largest` bytes to log.1 (older ones to log.2 …) and empty it under its writer."""
    if not log.exists() or log.stat().st_size <= largest:
        return False
    for number in range(kept - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    with log.open("r+b") as file:
        file.truncate(0)
    return True


def tail(log: Path, lines: int = 15, since: int = 0) -> str:
    """The last lines written after byte `since`, indented."""
    try:
        with log.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(min(end, max(since, end - 16_384)))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-lines:])
