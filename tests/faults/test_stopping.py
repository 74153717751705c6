"""Somebody stops a change in mid-helm, and a worker that was asleep finds that it has been replaced."""

from __future__ import annotations

import signal

from tests.faults.parts import times_said
from tests.faults.service import Service
from tools.chaos import procs
from tools.chaos.stack import Stack
from tools.chaos.waiting import until
from tools.supervisor import processes

# helm gets three to note its end; the rest is how often workers look, on a busy machine
STOPPED_SECONDS = 30.0


def test_cancelling_a_change_in_mid_helm_stops_helm_and_brings_back_what_ran(
    stack: Stack, service: Service
) -> None:
    service.created(text="before")
    change = service.update(text="never", hookSeconds=120)
    helms = service.await_helm()
    stack.alice.insist("POST", f"changes/{change['id']}/cancel/", {"comment": "wrong text"})
    until(lambda: not set(helms) & set(stack.helms()), "helm is stopped", seconds=STOPPED_SECONDS)
    ended = stack.alice.follow(change)
    assert ended["state"] == "cancelled", ended["outcome"]
    assert "wrong text" in ended["outcome"]
    assert service.text() == "before"
    newest = service.records()[-1]
    assert (newest.status, "never" in newest.manifest) == ("deployed", False)
    assert not [each for each in service.records() if each.status.startswith("pending")]
    events = service.events(change)
    assert (events.count("change.stop_asked"), events.count("change.stopped")) == (1, 1)
    assert "change.succeeded" not in events
    service.proved(service.update(text="the next one"), "the next one")


def test_a_worker_that_slept_through_its_lease_writes_nothing_and_leaves_no_helm(
    stack: Stack, service: Service
) -> None:
    service.created()
    # longer than the sleep: a helm that wakes up with nothing left to wait for ends before it can be stopped
    change = service.update(text="slept", hookSeconds=20)
    helms = service.await_helm()
    token, holder = stack.change(change["id"])["fencing_token"], stack.worker_of(change["id"])
    asleep = [*helms, *stack.pids(holder)]  # its machine stands still, and helm with it
    processes.send(asleep, signal.SIGSTOP)
    until(lambda: stack.change(change["id"])["fencing_token"] > token, "another has it", seconds=40)
    processes.send(asleep, signal.SIGCONT)
    until(lambda: not set(helms) & set(stack.helms()), "the first helm is stopped", seconds=STOPPED_SECONDS)
    service.proved(change, "slept", attempts=["lost", "succeeded"])
    assert not stack.helms()


def test_a_helm_whose_worker_sleeps_and_which_works_on_beside_the_next_one_comes_to_the_same(
    stack: Stack, service: Service
) -> None:
    service.created()
    change = service.update(text="sleeping", hookSeconds=4)
    [helm] = helms = service.await_helm()
    lost_before = times_said(stack, b"claim_lost")
    worker = procs.parent_of(helm)
    processes.send([worker, *helms], signal.SIGSTOP)
    until(lambda: stack.change(change["id"])["fencing_token"] == 2, "another has it", seconds=40)
    processes.send(helms, signal.SIGCONT)  # alone: nobody is awake who would stop it
    service.succeeded(change)
    until(lambda: helm not in stack.helms(), "the first helm has ended by itself", seconds=30)
    processes.send([worker], signal.SIGCONT)
    until(
        lambda: times_said(stack, b"claim_lost") > lost_before,
        "the first worker has seen that it was replaced",
    )
    assert service.text() == "sleeping"
    assert service.records()[-1].status == "deployed"
    assert service.records()[-1].description.endswith(f" by change {change['id']}")
    assert [each["outcome"] for each in service.rollouts(change)] == ["lost", "succeeded"]
    assert service.events(change).count("change.succeeded") == 1
    # both helms may have written "deployed", each under its own revision; the next one comes after the newest
    service.succeeded(service.update(text="the next one"))
    assert (service.text(), service.records()[-1].status) == ("the next one", "deployed")
