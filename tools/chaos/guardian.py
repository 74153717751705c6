"""`python -m tools.chaos.guardian MARK`: outlives a stack that was killed, and ends whatever it left.

Reads lines `folder PATH` and `postgres PATH` from its standard input. When that closes without `done` the
stack has been killed: every process with its mark is killed, each database of those folders too, and the
folders are deleted.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tools.paths import ROOT
from tools.supervisor import processes, procfs


class Guardian:
    """The stack's hold on its guardian."""

    def __init__(self, mark: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.chaos.guardian", mark],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def remember(self, kind: str, path: Path) -> None:
        self._say(f"{kind} {path}")

    def dismiss(self) -> None:
        """All is cleared up."""
        self._say("done")
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        self._process.stdin.close()
        self._process.wait(10)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()


def watch(mark: str) -> None:
    """Until standard input closes."""
    folders: list[Path] = []
    databases: list[Path] = []
    for line in sys.stdin:
        kind, _, path = line.strip().partition(" ")
        if kind == "done":
            return
        (folders if kind == "folder" else databases).append(Path(path))
    end_everything(mark, databases)
    for folder in [*folders, *databases]:
        shutil.rmtree(folder, ignore_errors=True)


def end_everything(mark: str, databases: list[Path]) -> None:
    """SIGKILL, also for what is stopped."""
    while left := procfs.marked_with(mark):
        processes.send(left, signal.SIGKILL)
        time.sleep(0.02)
    for home in databases:
        with contextlib.suppress(OSError, ValueError, IndexError):
            server = int((home / "data" / "postmaster.pid").read_text().splitlines()[0])
            processes.send([server], signal.SIGQUIT)
            processes.send([server], signal.SIGCONT)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watch(sys.argv[1])
