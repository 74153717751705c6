"""Running other programs during set-up, quietly unless they fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TAIL_LINES = 25


class SetupFailed(Exception):
    """Set-up cannot go on; the message says what to do."""


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float = 900,
) -> str:
    """Run `command` and return its standard output. Raises SetupFailed with the end of what it printed."""
    words = [str(word) for word in command]
    try:
        result = subprocess.run(
            words,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError as missing:
        raise SetupFailed(f"{what}: {words[0]} is not there ({missing}).") from missing
    except subprocess.TimeoutExpired as late:
        raise SetupFailed(f"{what}: no end after {seconds:.0f} s: {' '.join(words)}") from late
    if result.returncode != 0:
        tail = (result.stdout + result.stderr).strip().splitlines()[-TAIL_LINES:]
        indented = "\n".join(f"    {line}" for line in tail)
        raise SetupFailed(f"{what} failed (exit status {result.returncode}): {' '.join(words)}\n{indented}")
    return result.stdout


def version_of(command: Sequence[str | Path]) -> str | None:
    """What `command` prints, or None when it is absent, broken or slow."""
    try:
        result = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
