"""Beat is down, or there are two of it by mistake."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.service import Service
from tools.chaos.stack import Stack
from tools.chaos.waiting import until


def test_without_beat_what_is_asked_for_is_done(stack: Stack, service: Service) -> None:
    stack.kill("beat-1")
    service.created(text="the first")
    change = service.update(text="no beat", hookSeconds=1)
    service.proved(change, "no beat", attempts=["succeeded"])


def test_without_beat_a_worker_that_starts_finds_what_nobody_speaks_of_any_more(
    stack: Stack, service: Service
) -> None:
    service.created()
    for name in ("beat-1", "worker-1", "worker-2"):
        stack.kill(name)
    change = service.update(text="found at the start")
    until(stack.broker.waiting, "its message waits")
    stack.broker.flush()
    stack.start("worker-1")
    service.proved(change, "found at the start", attempts=["succeeded"])


def test_two_beats_do_nothing_twice(stack: Stack, service: Service) -> None:
    part = stack.children["beat-1"].part
    schedule = str(stack.state.run / "beat-2")
    stack.add(replace(part, name="beat-2", command=[*part.command[:-1], schedule]))
    try:
        stack.await_healthy("beat-2")
        service.created()
        change = service.update(text="two beats", hookSeconds=6)  # longer than the sweeps' interval
        service.proved(change, "two beats", attempts=["succeeded"])
    finally:
        stack.stop("beat-2")
        del stack.children["beat-2"]
