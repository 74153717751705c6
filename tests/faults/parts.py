"""Parts of a stack: run otherwise for a while, with other settings or another log; and what workers say."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tools.chaos.stack import Stack


@contextmanager
def running_with(
    stack: Stack, environment: Mapping[str, Mapping[str, str]], *, log: Path | None = None
) -> Iterator[None]:
    """Start these parts again, each with its own additions to the environment; as before in the end.

    What is said on another `log` nobody reads, so then the parts count as healthy once they run."""
    before = {name: (stack.children[name].part, stack.children[name].log) for name in environment}
    for name in environment:
        stack.stop(name)
    for name, added in environment.items():
        child, (part, _) = stack.children[name], before[name]
        child.part = replace(part, environment={**part.environment, **added})
        if log is not None:
            child.log = log
            child.part = replace(child.part, healthy=lambda _log, _since: True)
        stack.start(name, wait=False)
    try:
        stack.await_healthy(*environment)
        yield
    finally:
        for name, (part, place) in before.items():
            stack.resume(name)
            stack.stop(name)
            stack.children[name].part, stack.children[name].log = part, place
            stack.start(name, wait=False)


def environment_of(pid: int) -> dict[str, str]:
    """What a process was started with."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(os.fsdecode(pair).split("=", 1) for pair in pairs if b"=" in pair)


def times_said(stack: Stack, words: bytes) -> int:
    """How often these stand in the logs of the workers since they were started."""
    workers = [stack.children[name] for name in ("worker-1", "worker-2")]
    return sum(child.log.read_bytes()[child.log_start :].count(words) for child in workers)
