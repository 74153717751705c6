"""A worker that dies in the middle of helm's work."""

from __future__ import annotations

from tests.faults.service import Service
from tools.chaos.stack import Stack
from tools.chaos.waiting import until


def test_what_a_killed_worker_had_begun_is_finished_by_another_and_done_once(
    stack: Stack, service: Service
) -> None:
    service.created()
    before = service.records()[-1].revision
    change = service.update(text="after the kill", hookSeconds=5)
    service.await_helm()
    token, holder = stack.change(change["id"])["fencing_token"], stack.worker_of(change["id"])
    stack.kill(holder)
    until(lambda: not stack.helms(), "the killed worker's helm has gone with it")
    until(lambda: stack.change(change["id"])["fencing_token"] > token, "claimed by another", seconds=30)
    assert stack.is_down(holder)
    service.succeeded(change)
    assert service.text() == "after the kill"
    *made, newest = [record for record in service.records() if record.revision > before]
    assert newest.status == "deployed"
    assert "after the kill" in newest.manifest
    # what the killed helm left stays in its history, passed over
    assert [record.status for record in made if "after the kill" in record.manifest] == ["pending-upgrade"]
    assert [each["outcome"] for each in service.rollouts(change)] == ["lost", "succeeded"]
    assert service.events(change).count("change.succeeded") == 1
