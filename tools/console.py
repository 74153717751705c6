"""Progress on a terminal or in a log: one line a step, with its time."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34"}
_lock = threading.Lock()


def _coloured() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def paint(text: str, *styles: str) -> str:
    """`text` in these styles when standard output is a terminal."""
    if not styles or not _coloured():
        return text
    return f"\033[{';'.join(_CODES[style] for style in styles)}m{text}\033[0m"


def say(text: str = "") -> None:
    """One whole line, also when several threads talk."""
    with _lock:
        print(text, flush=True)


def heading(text: str) -> None:
    """The title of a phase."""
    say(f"\n{paint(text, 'bold')}")


def done(text: str, seconds: float, note: str = "") -> None:
    """A step that went well, with how long it took."""
    tail = paint(f"  {note}", "dim") if note else ""
    say(f"  {paint('✓', 'green')} {text:<46} {paint(f'{seconds:6.1f} s', 'dim')}{tail}")


def warn(text: str) -> None:
    """Something the reader should know; the work goes on."""
    say(f"  {paint('!', 'yellow')} {text}")


def fail(text: str) -> None:
    """What went wrong and what to do; on standard error."""
    with _lock:
        sys.stdout.flush()
        print(f"\n{paint('✗', 'red')} {text}", file=sys.stderr, flush=True)


@contextmanager
def step(text: str) -> Iterator[list[str]]:
    """Time a step and print it when it ends well. Append to the list to add a note to the line."""
    notes: list[str] = []
    started = time.monotonic()
    yield notes
    done(text, time.monotonic() - started, " ".join(notes))
