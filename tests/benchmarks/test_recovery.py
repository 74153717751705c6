"""How long a change lies idle after its worker was killed: until another one has claimed it again."""

from __future__ import annotations

import statistics
import time
import uuid
from pathlib import Path

import pytest

from tests.benchmarks.reporting import report
from tools.chaos.assembly import Shape
from tools.chaos.stack import Stack
from tools.chaos.waiting import until

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]
KILLS = 9
LEASE_SECONDS = 5
MOST_SECONDS = 10.0
PLACE = {"application": "storefront", "environment": "dev"}


def killed_in_mid_helm(stack: Stack, number: int) -> float:
    """Seconds from the kill of all processes of the worker until the change is claimed again."""
    name = f"killed-{number}"
    wish = {**PLACE, "offering": "hooked", "name": name, "version": "1.0.0"}
    values = {"text": name, "hookSeconds": 4}
    change = stack.alice.ask({**wish, "values": values}, key=str(uuid.uuid4()))["id"]
    stack.await_pending("storefront-dev", name)
    token, holder = stack.change(change)["fencing_token"], stack.worker_of(change)
    stack.kill(holder)
    killed = time.monotonic()
    until(
        lambda: stack.change(change)["fencing_token"] > token, "claimed by another", seconds=120, every=0.02
    )
    seconds = time.monotonic() - killed
    assert stack.alice.follow(change)["state"] == "succeeded"
    stack.start(holder)
    return seconds


def test_a_killed_workers_change_is_under_way_again_within_ten_seconds(tmp_path: Path) -> None:
    settings = {"SLIPWAY_LEASE_SECONDS": str(LEASE_SECONDS)}
    with Stack(Shape(workers=2), environment=settings, links=False, folder=tmp_path / "stack") as stack:
        namespace = {**PLACE, "offering": "namespace", "plan": "large"}
        assert stack.alice.follow(stack.alice.ask(namespace, key="namespace"))["state"] == "succeeded"
        seconds = [killed_in_mid_helm(stack, number) for number in range(KILLS)]
    report(
        f"recovery after kill -9 of a worker, {KILLS} kills, lease {LEASE_SECONDS} s",
        median_s=statistics.median(seconds),
        least_s=min(seconds),
        most_s=max(seconds),
    )
    assert statistics.median(seconds) < MOST_SECONDS
