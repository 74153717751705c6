"""The processes of a stack: each can be killed, stopped, paused and started again, and all end with it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tools.supervisor import logs, processes, procfs
from tools.supervisor.child import Child, Part
from tools.supervisor.state import State

PART_NAME = "_SLIPWAY_PART"
# on a machine that is busy with much else
START_SECONDS = 240.0
# what a process manager waits before it starts again what has died
RESTART_SECONDS = 1.0


class DidNotStart(AssertionError):
    """A part ended or was not ready in time; the message holds the end of its log."""


class Machine:
    """Every method may be called from any thread; parts die with the stack's guardian at the latest."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.children: dict[str, Child] = {}
        self.keep_alive = False
        # of parts that somebody wants to be down
        self._down: set[str] = set()
        self._lock = threading.RLock()
        self._over = threading.Event()
        # a process gets SIGTERM when the thread that started it ends, so this one lives as long as they do
        self._starts = ThreadPoolExecutor(1, thread_name_prefix="starts")
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._keeper.start()

    def add(self, part: Part) -> None:
        """Start a part without waiting for it."""
        marked = {**part.environment, PART_NAME: self._mark(part.name)}
        with self._lock:
            child = self.children[part.name] = Child(replace(part, environment=marked), self.state)
            self.by_starter(child.start)

    def by_starter(self, start: Callable[[], None]) -> None:
        """Start a process that is to live as long as the stack, whichever thread asks for it."""
        self._starts.submit(start).result()

    def await_healthy(self, *names: str) -> None:
        """Raises DidNotStart."""
        for name in names or tuple(self.children):
            child = self.children[name]
            end = time.monotonic() + START_SECONDS
            while not child.healthy():
                ended = child.exit_status() is not None and not self.keep_alive
                if ended or time.monotonic() > end:
                    said = logs.tail(child.log, since=child.log_start)
                    raise DidNotStart(f"{name} did not start. The end of {child.log}:\n{said}")
                time.sleep(0.03)

    def pids(self, name: str) -> list[int]:
        """Of a part's process and all that it has started, helm excepted: that has no environment of ours."""
        return procfs.marked_with(f"{PART_NAME}={self._mark(name)}")

    def main_pid(self, name: str) -> int:
        process = self.children[name].process
        return process.pid if process and process.poll() is None else 0

    def kill(self, name: str, *, tree: bool = True) -> list[int]:
        """SIGKILL, for all processes of the part at once as when its container is killed, or its first one
        alone. What died stays down, unless the stack keeps its parts alive."""
        with self._lock:
            self._down.discard(name) if self.keep_alive else self._down.add(name)
            main = self.main_pid(name)
            if tree and main:
                # stopped it cannot start another one while we look
                processes.send([main], signal.SIGSTOP)
            found = [pid for pid in ([main, *self.pids(name)] if tree else [main]) if pid]
            processes.send(set(found), signal.SIGKILL)
            process = self.children[name].process
            if process:
                process.wait(10)
        return found

    def stop(self, name: str) -> None:
        """Ask it to end, and wait for that."""
        with self._lock:
            self._down.add(name)
            child = self.children[name]
        child.terminate()
        child.await_end(time.monotonic() + child.part.grace)

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start it again; nothing when it runs."""
        with self._lock:
            self._down.discard(name)
            if self.children[name].exit_status() is not None:
                self.by_starter(self.children[name].start)
        if wait:
            self.await_healthy(name)

    def pause(self, name: str) -> None:
        """SIGSTOP for all of its processes: there, and not answering."""
        processes.send(self.pids(name), signal.SIGSTOP)

    def resume(self, name: str) -> None:
        processes.send(self.pids(name), signal.SIGCONT)

    def is_down(self, name: str) -> bool:
        return self.children[name].exit_status() is not None

    def marked(self) -> list[int]:
        """Everything alive that carries the stack's mark."""
        return procfs.marked_with(self.state.mark)

    def end(self) -> None:
        """End everything at once: nobody needs what it would still do."""
        self.keep_alive = False
        self._over.set()
        with self._lock:
            while left := self.marked():
                processes.send(left, signal.SIGKILL)
                time.sleep(0.02)
            for child in self.children.values():
                child.await_end(time.monotonic())
        self._keeper.join(5)
        self._starts.shutdown()

    def _mark(self, name: str) -> str:
        return f"{self.state.root}:{name}"

    def _keep(self) -> None:
        """Start again what has died, as a process manager does."""
        died: dict[str, float] = {}
        while not self._over.wait(0.1):
            if not self.keep_alive:
                continue
            with self._lock:
                for name, child in self.children.items():
                    if child.exit_status() is None or name in self._down:
                        died.pop(name, None)
                    elif time.monotonic() - died.setdefault(name, time.monotonic()) >= RESTART_SECONDS:
                        died.pop(name)
                        self.by_starter(child.start)
