"""A stamp remembers what a folder was made from, so that a later run has nothing to do."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest(*files: Path) -> str:
    """SHA-256 over the files' contents, in the order given."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
        total.update(b"\0")
    return total.hexdigest()


def read(stamp: Path) -> str:
    """The stamp's content, or an empty string."""
    try:
        return stamp.read_text().strip()
    except OSError:
        return ""


def write(stamp: Path, content: str) -> None:
    """Replace the stamp in one step: a half-written one cannot be read."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    part = stamp.with_name(stamp.name + ".part")
    part.write_text(content + "\n")
    part.replace(stamp)
