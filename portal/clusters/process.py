"""One child process, bounded in time, memory and output, that never outlives whoever started it.

Linux only: `setpriv` makes the kernel kill the child when the thread that started it dies (a helm that works
on while the next worker recovers the release would be the worst case), and `prlimit` bounds memory from
outside. Both avoid `preexec_fn`, which may deadlock in a process with threads.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from portal.clusters.types import MIB

POLL_SECONDS = 0.5
MEMORY_POLL_SECONDS = 0.02
CHUNK = 64 * 1024
MAX_LINE = 16 * 1024


class ChildError(Exception):
    """The child was killed; `stderr` is what it had said by then."""

    def __init__(self, stderr: str = "") -> None:
        super().__init__(type(self).__name__)
        self.stderr = stderr


class ChildTimedOut(ChildError):
    pass


class ChildStopped(ChildError):
    """`should_stop` said so."""


class ChildTooLoud(ChildError):
    """More output than allowed."""


class ChildTooLarge(ChildError):
    """More memory than allowed."""


@dataclass(frozen=True)
class Bounds:
    """`memory_bytes` bounds private writable memory (RLIMIT_DATA). RLIMIT_AS would not do: Go reserves more
    than a gigabyte of address space that it never touches. `file_bytes` bounds each file that is written."""

    seconds: float
    output_bytes: int = 64 * MIB
    memory_bytes: int | None = None
    file_bytes: int | None = None
    grace_seconds: float = 0


@dataclass(frozen=True)
class Finished:
    returncode: int
    stdout: bytes
    stderr: str


@lru_cache(maxsize=1)
def _prefix() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()


def run(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str],
    cwd: Path,
    bounds: Bounds,
    pass_fds: Sequence[int] = (),
    on_line: Callable[[str], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    before_feeding: Callable[[], object] | None = None,
) -> Finished:
    """Run to the end. `on_line` gets each line of stderr as it comes; `should_stop` is asked every 0.5 s.

    `before_feeding` runs beside the starting child, which gets its input only afterwards, and not at all when
    it raises: the child is dead before its input is closed. Where the kernel does not tie the child's life
    to ours it runs before the child is started.

    Raises ChildTimedOut, ChildStopped, ChildTooLoud, ChildTooLarge, and OSError when there is nothing to run.
    Whatever is raised, also by the callbacks, the whole process group is gone by then.
    """
    if before_feeding is not None and not _prefix():
        before_feeding()
        before_feeding = None
    child = subprocess.Popen(
        [*_prefix(), *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(env),
        cwd=cwd,
        pass_fds=pass_fds,
        start_new_session=True,
        bufsize=0,
    )
    streams = _Streams(child, stdin, bounds.output_bytes, on_line)
    try:
        if bounds.memory_bytes is not None:  # nothing is fed before the bound is in place
            _limit(child, resource.RLIMIT_DATA, bounds.memory_bytes)
        if bounds.file_bytes is not None:
            _limit(child, resource.RLIMIT_FSIZE, bounds.file_bytes)
        if before_feeding is not None:
            before_feeding()
        _attend(child, streams, bounds, should_stop)
    except BaseException:
        _end(child, bounds.grace_seconds)
        raise
    finally:
        streams.close()
    _signal_group(child, signal.SIGKILL)  # whatever it left behind
    return Finished(child.returncode, bytes(streams.stdout), streams.said)


def _attend(
    child: subprocess.Popen[bytes], streams: _Streams, bounds: Bounds, should_stop: Callable[[], bool] | None
) -> None:
    started = asked = time.monotonic()
    pause = POLL_SECONDS if bounds.memory_bytes is None else MEMORY_POLL_SECONDS
    while streams.open or child.poll() is None:
        now = time.monotonic()
        left = started + bounds.seconds - now
        if left <= 0:
            raise ChildTimedOut(streams.said)
        if bounds.memory_bytes is not None and _resident(child) > bounds.memory_bytes:
            raise ChildTooLarge(streams.said)
        if should_stop is not None and now - asked >= POLL_SECONDS:
            asked = now
            if should_stop():
                raise ChildStopped(streams.said)
        if streams.open:
            streams.pump(min(pause, left))
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(min(pause, left))


def _limit(child: subprocess.Popen[bytes], what: int, most: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(child.pid, what, (most, most))


def _resident(child: subprocess.Popen[bytes]) -> int:
    """Bytes of memory in use."""
    try:
        pages = Path(f"/proc/{child.pid}/statm").read_text().split()[1]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0
    return int(pages) * resource.getpagesize()


class _Streams:
    """The child's three pipes, fed and drained without ever blocking on one of them."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        stdin: bytes,
        most: int,
        on_line: Callable[[str], None] | None,
    ) -> None:
        if child.stdin is None or child.stdout is None or child.stderr is None:
            raise ValueError("the child needs three pipes")
        self._in, self._out, self._err = child.stdin, child.stdout, child.stderr
        self._left = memoryview(stdin)
        self._most = most
        self._on_line = on_line
        self._line = b""
        self.stdout = bytearray()
        self._stderr = bytearray()
        self._selector = selectors.DefaultSelector()
        for pipe, event in (
            (self._in, selectors.EVENT_WRITE),
            (self._out, selectors.EVENT_READ),
            (self._err, selectors.EVENT_READ),
        ):
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, event)

    @property
    def open(self) -> bool:
        return bool(self._selector.get_map())

    @property
    def said(self) -> str:
        return self._stderr.decode(errors="replace")

    def pump(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._in:
                self._feed()
            elif key.fileobj is self._out:
                self._drain(self._out, self.stdout)
            else:
                self._drain(self._err, self._stderr)

    def _feed(self) -> None:
        try:
            written = os.write(self._in.fileno(), self._left[:CHUNK]) if self._left else 0
        except BrokenPipeError:  # it did not want to hear all
            self._left = self._left[:0]
            written = 0
        self._left = self._left[written:]
        if not self._left:
            self._done(self._in)

    def _drain(self, pipe: IO[bytes], into: bytearray) -> None:
        chunk = os.read(pipe.fileno(), CHUNK)
        if not chunk:
            self._done(pipe)
        into += chunk
        if len(into) > self._most:
            raise ChildTooLoud(self.said[-MAX_LINE:])
        if pipe is self._err:
            self._tell(chunk)

    def _tell(self, chunk: bytes) -> None:
        if self._on_line is None:
            return
        *lines, self._line = (self._line + chunk).split(b"\n")
        if self._line and (not chunk or len(self._line) > MAX_LINE):
            lines, self._line = [*lines, self._line], b""
        for line in lines:
            self._on_line(line.decode(errors="replace").rstrip())

    def _done(self, pipe: IO[bytes]) -> None:
        self._selector.unregister(pipe)
        pipe.close()

    def close(self) -> None:
        for pipe in (self._in, self._out, self._err):
            pipe.close()
        self._selector.close()


def _end(child: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Ask the group to end, then make it."""
    if grace_seconds and _signal_group(child, signal.SIGTERM):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace_seconds)
    _signal_group(child, signal.SIGKILL)
    child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
