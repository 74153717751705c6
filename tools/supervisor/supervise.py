"""The supervisor's life: start in order, watch, restart, stop everything."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from tools import console
from tools.paths import ROOT, VENV_PYTHON
from tools.supervisor import logs, processes
from tools.supervisor.child import Child, Part
from tools.supervisor.errors import CannotStart, Stopped
from tools.supervisor.parts import Plan

STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
START_SECONDS = 60.0
ROTATE_EVERY = 5.0


class Supervisor:
    """Owns every process of one state folder. Must run in the main thread, which must be the only one."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.children: list[Child] = []
        self.starting: list[Child] = []
        self._rotated = 0.0
        signal.pthread_sigmask(signal.SIG_BLOCK, {*STOP_SIGNALS, signal.SIGCHLD})

    def pause(self, seconds: float) -> None:
        """Wait; a child's end cuts it short. Raises Stopped when asked to end."""
        found = signal.sigtimedwait({*STOP_SIGNALS, signal.SIGCHLD}, seconds)
        if found and found.si_signo in STOP_SIGNALS:
            raise Stopped(signal.Signals(found.si_signo).name)

    def launch(self, parts: Sequence[Part]) -> None:
        """Start parts side by side, without waiting."""
        for part in parts:
            child = Child(part, self.plan.state)
            self.children.append(child)
            self.starting.append(child)
            child.start()

    def await_healthy(self) -> None:
        """Wait until all that was launched is healthy. Raises CannotStart with the log's end."""
        while not self.look_at_starting():
            self.pause(0.03)

    def look_at_starting(self) -> bool:
        """Report who has become healthy; True when nobody is left. Raises CannotStart."""
        for child in list(self.starting):
            status = child.exit_status()
            if status is not None or child.age > START_SECONDS:
                raise CannotStart(_why(child, status))
            if child.healthy():
                console.done(child.part.name, child.age)
                self.starting.remove(child)
        return not self.starting

    def prepare(self, arguments: Sequence[str]) -> None:
        """Run a Python step to its end beside what is starting. Raises CannotStart when either fails."""
        process = self._run([str(VENV_PYTHON), *arguments])
        try:
            while process.poll() is None:
                self.look_at_starting()
                self.pause(0.05)
        except (Stopped, CannotStart):
            _end(process)
            raise
        if process.returncode != 0:
            raise CannotStart(f"Preparing the database ended with {_ended(process.returncode)}, see above.")

    def attend(self, command: Sequence[str]) -> int:
        """Run a command in the foreground while the parts are watched; its exit status."""
        process = self._run(command)
        try:
            while process.poll() is None:
                self.watch()
                self.pause(0.2)
        except Stopped:
            _end(process)
            raise
        return process.returncode

    def _run(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        sys.stdout.flush()
        return processes.start(command, env=self.plan.environment, cwd=ROOT, output=None)

    def watch(self) -> None:
        """Restart what has ended, cut logs that have grown."""
        for child in self.children:
            status = child.exit_status()
            if status is None:
                continue
            if child.due is None:
                seconds = child.plan_restart()
                console.warn(
                    f"{child.part.name} ended unexpectedly with {_ended(status)}; "
                    f"starting it again in {seconds:.0f} s. Its log: {child.log}"
                )
            elif time.monotonic() >= child.due:
                child.start()
                console.say(f"    {child.part.name} was started again")
        if time.monotonic() - self._rotated > ROTATE_EVERY:
            self._rotated = time.monotonic()
            for child in self.children:
                logs.rotate(child.log)

    def serve(self) -> None:
        """Watch until asked to end (Stopped)."""
        while True:
            self.watch()
            self.pause(1.0)

    def stop(self) -> None:
        """End everything: the portal first, then what it stands on, then whatever they left."""
        foundation = {part.name for part in self.plan.foundation()}
        late = [child for child in self.children if child.part.name in foundation]
        for group in ([child for child in self.children if child not in late], late):
            for child in group:
                child.terminate()
            started = time.monotonic()
            for child in group:
                if not child.await_end(started + child.part.grace):
                    console.warn(f"{child.part.name} did not end in {child.part.grace:.0f} s and was killed")
        processes.end_marked(self.plan.state.mark, grace=1.0)


def _why(child: Child, status: int | None) -> str:
    what = (
        f"ended with {_ended(status)}"
        if status is not None
        else f"was not ready within {START_SECONDS:.0f} s"
    )
    said = logs.tail(child.log, since=child.log_start) or "    (it wrote nothing)"
    return f"{child.part.name} {what}. The end of {child.log}:\n{said}"


def _ended(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(3.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
