"""Starting a process that cannot outlive its supervisor, and ending processes for certain."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

from tools.supervisor import procfs

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Ask the kernel to send SIGTERM to this process when its parent dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def start(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, output: IO[bytes] | None
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own: no Ctrl-C reaches it, SIGTERM when the supervisor dies."""
    parent = os.getpid()

    def before_exec() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        die_with_parent(parent)

    return subprocess.Popen(
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
        preexec_fn=before_exec,
    )


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Signal each process; one that has gone meanwhile is no matter."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def end_marked(mark: str, *, grace: float) -> list[str]:
    """End all processes that carry `mark`: SIGTERM, SIGKILL after `grace` seconds. Returns their commands.

    The mark is the environment they were started with, so nothing of anybody else's can be hit.
    """
    victims = procfs.marked_with(mark)
    named = [procfs.command_line(pid) for pid in victims]
    send(victims, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while (left := procfs.marked_with(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    while left:
        send(left, signal.SIGKILL)
        time.sleep(0.02)
        left = procfs.marked_with(mark)
    return named
