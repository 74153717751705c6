"""Clocks of machines that are an hour wrong: every process goes by the database's clock."""

from __future__ import annotations

import importlib.util
import signal
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.faults.parts import running_with
from tests.faults.service import Service
from tools.chaos.stack import Stack
from tools.chaos.waiting import until
from tools.supervisor import processes

WRONG = timedelta(hours=1)
# how far from the hour a clock may seem to be, for the time that looking at it takes
NEARLY = timedelta(minutes=5)


def clock_off_by(hours: int) -> dict[str, str]:
    """What makes a process see another time of day; its steady clock stays as it is, as on such a machine."""
    found = importlib.util.find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    library = Path(found.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{hours * 3600:+d}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def error_of_web(stack: Stack) -> timedelta:
    """By the date of an answer."""
    with urlopen(f"{stack.alice.url}health/ready") as answer:
        return parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)


def error_of(stack: Stack, part: str) -> timedelta:
    """By the first line that it has written since its start."""
    child = stack.children[part]
    written = child.log.read_bytes()[child.log_start :].decode(errors="replace").splitlines()
    first = next(line.split()[0] for line in written if line.startswith("20") and "Z [" in line)
    return datetime.fromisoformat(first) - datetime.now(UTC)


@pytest.mark.parametrize("hours", [1, -1], ids=["ahead", "behind"])
def test_with_clocks_an_hour_wrong_either_way_no_lease_is_broken_and_none_outlives_its_worker(
    stack: Stack, service: Service, hours: int
) -> None:
    service.created()
    stack.kill("worker-2")
    mine, other = clock_off_by(hours), clock_off_by(-hours)
    with running_with(stack, {"web": mine, "worker-1": mine, "worker-2": other, "beat-1": other}):
        assert abs(error_of_web(stack) - hours * WRONG) < NEARLY
        assert abs(error_of(stack, "worker-1") - hours * WRONG) < NEARLY
        assert abs(error_of(stack, "worker-2") + hours * WRONG) < NEARLY
        stack.pause("worker-2")
        change = service.update(text="what time is it?", hookSeconds=1)
        helms = service.await_helm()
        processes.send(helms, signal.SIGSTOP)
        stack.resume("worker-2")
        begun = stack.change(change["id"])
        passed = "SELECT clock_timestamp() > %s::timestamptz + interval '4 seconds' AS yes"
        until(lambda: stack.sql(passed, begun["lease_expires_at"])[0]["yes"], "the first lease has ended")
        now = stack.change(change["id"])
        assert (now["fencing_token"], now["lease_owner"]) == (begun["fencing_token"], begun["lease_owner"])
        assert stack.worker_of(change["id"]) == "worker-1"
        stack.kill("worker-1")
        until(lambda: stack.change(change["id"])["fencing_token"] == 2, "the other has it", seconds=30)
        service.proved(change, "what time is it?", attempts=["lost", "succeeded"])
    ended = stack.change(change["id"])
    true = stack.sql("SELECT clock_timestamp() AS now")[0]["now"]
    assert all(true - ended[field] < NEARLY for field in ("created_at", "started_at", "finished_at"))
