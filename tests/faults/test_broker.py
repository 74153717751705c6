"""The broker loses messages, delivers them twice, or is not there: rows are the queue, so nothing is lost."""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.parts import running_with
from tests.faults.service import Service
from tools.chaos.stack import Stack
from tools.chaos.waiting import until
from tools.supervisor import processes

# every message that waits comes ten times more
MULTIPLY = """
local all = redis.call('LRANGE', KEYS[1], 0, -1)
for copy = 1, 10 do for _, message in ipairs(all) do redis.call('LPUSH', KEYS[1], message) end end
return #all
"""
WORKERS = ("worker-1", "worker-2")
# what a request may take while the broker is away, on a machine that is busy with other tests
PROMPT_SECONDS = 10.0


@contextmanager
def without_workers(stack: Stack) -> Iterator[None]:
    """Nobody takes messages, so that they wait in the broker; as before in the end."""
    for name in WORKERS:
        stack.kill(name)
    yield
    for name in WORKERS:
        stack.start(name, wait=False)


def test_the_same_message_delivered_eleven_times_at_once_is_worked_on_once(
    stack: Stack, service: Service
) -> None:
    service.created()
    with without_workers(stack):
        stack.broker.flush()
        change = service.update(text="once", hookSeconds=1)
        until(stack.broker.waiting, "its message waits")
        stack.broker.say("EVAL", MULTIPLY, "1", "celery")
    service.proved(change, "once", attempts=["succeeded"])
    assert repeated(stack)


def test_messages_that_are_flushed_are_not_missed(stack: Stack, service: Service) -> None:
    service.created()
    with without_workers(stack):
        change = service.update(text="flushed")
        until(stack.broker.waiting, "its message waits")
        stack.broker.flush()
    service.proved(change, "flushed", attempts=["succeeded"])


def test_a_broker_that_is_restarted_in_mid_helm_changes_nothing(stack: Stack, service: Service) -> None:
    service.created()
    change = service.update(text="restarted", hookSeconds=2)
    service.await_helm()
    stack.kill("valkey")
    stack.start("valkey")
    service.proved(change, "restarted", attempts=["succeeded"])


def test_a_request_is_answered_at_once_without_a_broker_and_the_change_runs_when_there_is_one(
    stack: Stack, service: Service
) -> None:
    service.created()
    stack.kill("valkey")
    begun = time.monotonic()
    change = service.update(text="without a broker")
    assert time.monotonic() - begun < PROMPT_SECONDS
    assert stack.change(change["id"])["state"] == "queued"
    stack.start("valkey")
    service.proved(change, "without a broker", attempts=["succeeded"])


def test_a_broker_that_accepts_and_says_nothing_holds_up_no_request_for_long(
    stack: Stack, service: Service
) -> None:
    service.created()
    stack.pause("valkey")
    begun = time.monotonic()
    change = service.update(text="a silent broker")
    assert time.monotonic() - begun < PROMPT_SECONDS + 5
    stack.resume("valkey")
    service.proved(change, "a silent broker", attempts=["succeeded"])


def test_a_step_that_outlasts_the_visibility_timeout_is_delivered_again_and_not_done_again(
    stack: Stack, service: Service
) -> None:
    service.created()
    stack.kill("worker-2")
    change = service.update(text="long", hookSeconds=1)
    helms = service.await_helm()
    processes.send(helms, signal.SIGSTOP)  # it takes as long as it takes
    first = set(received(stack, "worker-1"))
    # a worker that starts looks at once for what nobody has acknowledged for so long
    with running_with(stack, {"worker-2": {"SLIPWAY_VISIBILITY_SECONDS": "1"}}):
        until(lambda: repeated(stack) & first, "its message comes again, to whomever", seconds=40)
        until(lambda: not stack.broker.waiting(), "nobody has anything to take")
        assert stack.helms() == helms
        assert stack.change(change["id"])["fencing_token"] == 1
        processes.send(helms, signal.SIGCONT)
        service.proved(change, "long", attempts=["succeeded"])


def repeated(stack: Stack) -> set[str]:
    """The messages that have come more than once."""
    return {message for message, times in Counter(received(stack)).items() if times > 1}


def received(stack: Stack, *workers: str) -> list[str]:
    """The messages for `advance` that these workers (all without any) have had since they were started."""
    found = []
    for name in workers or WORKERS:
        child = stack.children[name]
        said = child.log.read_bytes()[child.log_start :].decode(errors="replace")
        found += re.findall(r"Task portal\.lifecycle\.tasks\.advance\[([-0-9a-f]+)\] received", said)
    return found
