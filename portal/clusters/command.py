"""Helm's command lines by pyhelm3, run our way. The only importer of pyhelm3."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pyhelm3

from portal.clusters import binary as helm_binary
from portal.clusters import process
from portal.clusters.errors import HelmFailed, HelmKilled, HelmStopped, HelmTimeout
from portal.clusters.helm_errors import classify
from portal.clusters.helm_log import readable
from portal.clusters.types import Target

T = TypeVar("T")
Log = Callable[[str], None]
Stop = Callable[[], bool]
Check = Callable[[], object]

HISTORY = 10


class Command(pyhelm3.Command):
    """pyhelm3's command lines, run our way. `run` never suspends, so `finish` needs no event loop."""

    def __init__(
        self,
        binary: Path,
        kubeconfig: int,
        *,
        home: Path,
        cache: Path | None,
        bounds: process.Bounds,
        conceal: Callable[[str], str],
        on_log: Log | None,
        should_stop: Stop | None,
        check: Check | None = None,
    ) -> None:
        super().__init__(executable=str(binary), history_max_revisions=HISTORY)
        self._fd = kubeconfig
        self._home = home
        self._cache = cache
        self._bounds = bounds
        self._conceal = conceal
        self._on_log = on_log
        self._should_stop = should_stop
        self._check = check

    async def run(self, command: list[Any], input: bytes | None = None) -> bytes:
        argv = [
            self._executable,
            *(str(part) for part in command),
            "--kubeconfig",
            f"/proc/self/fd/{self._fd}",
        ]
        if self._check:
            # the check renders the same chart and values, its schema included
            argv.append("--skip-schema-validation")
        if self._check and not input:
            self._check()  # nothing to hold back, so helm is not even started
        try:
            done = process.run(
                argv,
                stdin=input or b"",
                env=helm_binary.environment(self._home, network=True, cache=self._cache),
                cwd=self._home,
                bounds=self._bounds,
                pass_fds=(self._fd,),
                on_line=self._log if self._on_log else None,
                should_stop=self._should_stop,
                before_feeding=self._check if input else None,
            )
        except process.ChildTimedOut as exc:
            said = self._conceal(exc.stderr.strip())[-500:]
            raise HelmTimeout(f"Helm did not end within {self._bounds.seconds:g} s. {said}".strip()) from None
        except process.ChildStopped:
            raise HelmStopped from None
        except process.ChildTooLoud:
            raise HelmFailed("Helm wrote more output than is accepted.") from None
        if done.returncode < 0:
            raise HelmKilled
        if done.returncode:
            raise classify(done.stderr, conceal=self._conceal)
        return done.stdout

    async def roll_back(
        self,
        target: Target,
        revision: int,
        seconds: int,
        *,
        server_side: str = "",
        force_conflicts: bool = False,
    ) -> None:
        """pyhelm3's own has no server-side flags."""
        command = ["rollback", target.release, revision, "--namespace", target.namespace]
        command += ["--history-max", self._history_max_revisions, "--timeout", f"{seconds}s"]
        if server_side:
            command.append(f"--server-side={server_side}")
        if force_conflicts:
            command.append("--force-conflicts")
        if self._on_log:
            command.append("--debug")
        await self.run(command)

    def _log(self, line: str) -> None:
        text = readable(line)
        if self._on_log is not None and text:
            self._on_log(self._conceal(text))


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits to its end, in any thread and under any worker pool."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return] # a StopIteration's value is the coroutine's result
    raise RuntimeError("pyhelm3 waited for something other than helm")


@contextmanager
def in_memory(content: bytes) -> Iterator[int]:
    """A file on no disk, named by its descriptor only, gone with the last who has it open."""
    descriptor = os.memfd_create("kubeconfig")
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, content)
        yield descriptor
    finally:
        os.close(descriptor)
