"""What runs helm dies, or helm itself: somebody else finishes, and nothing is left behind."""

from __future__ import annotations

from tests.faults.service import Service
from tools.chaos.stack import Stack
from tools.chaos.waiting import until


def test_a_killed_process_of_the_pool_takes_its_helm_along_and_the_change_is_finished(
    stack: Stack, service: Service
) -> None:
    service.created()
    change = service.update(text="after the child", hookSeconds=5)
    helms = service.await_helm()
    holder = stack.worker_of(change["id"])
    stack.kill_child(holder)
    until(lambda: not set(helms) & set(stack.helms()), "its helm has gone with it")
    assert not stack.is_down(holder)
    service.proved(change, "after the child", attempts=["lost", "succeeded"])


def test_a_killed_helm_is_tried_again_and_what_it_left_is_cleared_away(
    stack: Stack, service: Service
) -> None:
    service.created()
    change = service.update(text="after the helm", hookSeconds=4)
    service.await_helm()
    assert stack.kill_helm()
    service.proved(change, "after the helm", attempts=["failed", "succeeded"])
    assert "Helm was killed" in service.log(change)


def test_a_first_release_whose_helm_is_killed_is_installed_all_the_same(
    stack: Stack, service: Service
) -> None:
    change = service.create(text="at last", hookSeconds=4)
    service.await_helm()
    assert stack.kill_helm()
    service.proved(change, "at last")
    assert [(each.revision, each.status) for each in service.records()] == [(1, "deployed")]
