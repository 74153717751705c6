"""One supervised part: its process, its log, its pid file and its restarts."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.paths import ROOT
from tools.supervisor import processes, procfs
from tools.supervisor.state import State

LONGEST_BACKOFF = 30.0
# a part that has run this long starts again at once when it ends
STEADY = 60.0


@dataclass(frozen=True)
class Part:
    """What to run. `healthy` gets the log and where this start's output begins in it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    healthy: Callable[[Path, int], bool]
    # seconds between SIGTERM and SIGKILL
    grace: float = 5.0


class Child:
    """A part while the supervisor runs."""

    def __init__(self, part: Part, state: State) -> None:
        self.part = part
        self.log = state.log / f"{part.name}.log"
        self.pid_file = state.run / f"{part.name}.pid"
        self.process: subprocess.Popen[bytes] | None = None
        self.log_start = 0
        self.started = 0.0
        self.backoff = 0.0
        self.due: float | None = None

    def start(self) -> None:
        """Start the process; its output is appended to the part's log."""
        with self.log.open("ab") as output:
            self.log_start = output.tell()
            self.process = processes.start(
                self.part.command, env=self.part.environment, cwd=ROOT, output=output
            )
        self.started = time.monotonic()
        self.due = None
        self.pid_file.write_text(
            json.dumps(
                {
                    "pid": self.process.pid,
                    "start_ticks": procfs.start_ticks(self.process.pid),
                    "command": list(self.part.command),
                }
            )
        )

    @property
    def age(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self.started

    def healthy(self) -> bool:
        """Alive, and ready by its own word."""
        return self.exit_status() is None and self.part.healthy(self.log, self.log_start)

    def exit_status(self) -> int | None:
        """The status of a process that has ended (negative: by that signal), None while it runs."""
        return self.process.poll() if self.process else None

    def plan_restart(self) -> float:
        """After an unexpected end: seconds until the next start, doubling while it keeps ending."""
        self.backoff = (
            1.0 if self.age > STEADY or not self.backoff else min(self.backoff * 2, LONGEST_BACKOFF)
        )
        self.due = time.monotonic() + self.backoff
        return self.backoff

    def terminate(self) -> None:
        """Ask it to end."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def await_end(self, deadline: float) -> bool:
        """Wait for the end until `deadline` (monotonic), then kill. True when it ended by itself."""
        if self.process is None:
            return True
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        finally:
            self.pid_file.unlink(missing_ok=True)
        return True
