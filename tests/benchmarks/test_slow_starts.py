"""Many workloads that take half a minute each to become ready: nobody waits for them inside a worker."""

from __future__ import annotations

import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.benchmarks.reporting import report
from tools.chaos.assembly import Shape
from tools.chaos.stack import Stack
from tools.chaos.waiting import until

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
CHANGES = 200
ONE_AT_A_TIME = 3
START_SECONDS = 30
MOST_BEYOND_SECONDS = 60.0
# a namespace has room for so many
PLACES = (("alice", "storefront"), ("bob", "search"), ("pia", "ledger"))
# each is ready, and answers, after so long; the smallest that is allowed, so that all have room
VALUES = {
    "text": "slow",
    "image": {"repository": f"registry.example.com/shop/slow-{START_SECONDS}", "tag": "1"},
}


def ask(stack: Stack, number: int, prefix: str) -> int:
    person, application = PLACES[number % len(PLACES)]
    wish = {"application": application, "environment": "dev", "offering": "hooked", "version": "1.0.0"}
    body = {**wish, "name": f"{prefix}-{number}", "values": VALUES}
    return int(stack.people[person].ask(body, key=str(uuid.uuid4()), seconds=600)["id"])


def one_at_a_time(stack: Stack) -> list[float]:
    """Seconds that each takes when the next is asked for only once it is ready."""
    seconds = []
    for number in range(ONE_AT_A_TIME):
        began = time.monotonic()
        assert stack.alice.follow(ask(stack, number * len(PLACES), "single"))["state"] == "succeeded"
        seconds.append(time.monotonic() - began)
    return seconds


def all_at_once(stack: Stack) -> float:
    """Seconds from the first request until the last is ready; people ask side by side."""
    began = time.monotonic()
    with ThreadPoolExecutor(4) as people:
        changes = list(people.map(lambda number: ask(stack, number, "many"), range(CHANGES)))
    until(lambda: not stack.under_way(), "all have ended", seconds=1200, every=0.5)
    seconds = time.monotonic() - began
    states = stack.sql("SELECT state FROM lifecycle_changerequest WHERE id = ANY(%s)", changes)
    assert [row["state"] for row in states] == ["succeeded"] * CHANGES
    return seconds


def test_two_hundred_slow_starts_finish_within_a_minute_beyond_their_own_time(tmp_path: Path) -> None:
    with Stack(Shape(workers=1, pool=2), links=False, folder=tmp_path / "stack") as stack:
        for person, application in PLACES:
            wish = {"application": application, "environment": "dev", "offering": "namespace"}
            made = stack.people[person].ask({**wish, "plan": "large"}, key=f"namespace-{application}")
            assert stack.people[person].follow(made)["state"] == "succeeded"
        single = statistics.median(one_at_a_time(stack))
        together = all_at_once(stack)
    report(
        f"{CHANGES} changes of {START_SECONDS} s each on two worker processes",
        together_s=together,
        beyond_their_own_s=together - START_SECONDS,
        one_at_a_time_each_s=single,
        one_at_a_time_all_s=single * CHANGES,
        times_faster=single * CHANGES / together,
    )
    assert together - START_SECONDS < MOST_BEYOND_SECONDS
