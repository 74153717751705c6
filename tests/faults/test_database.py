"""The database goes away in the middle of a request, and in the moment in which helm finishes."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.parts import times_said
from tests.faults.service import Service
from tools.chaos import procs
from tools.chaos.stack import Stack
from tools.chaos.waiting import until

# surely less than what is left of a lease of five seconds
SHORT_SECONDS = 3.0
REFUSE_LOGS = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON lifecycle_logline FOR EACH ROW EXECUTE FUNCTION refuse();
"""


@contextmanager
def logs_refused(stack: Stack) -> Iterator[None]:
    """The database takes no line of a rollout's log, as when the disk of that table is full."""
    stack.sql(REFUSE_LOGS)
    try:
        yield
    finally:
        stack.sql("DROP FUNCTION refuse CASCADE")


def in_background(stack: Stack, wish: dict[str, Any], key: str) -> tuple[threading.Thread, list[Any]]:
    """A client that asks until it is answered."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(stack.alice.ask(wish, key=key)))
    thread.start()
    return thread, answers


def test_a_request_that_lost_its_database_half_way_is_done_once_when_it_is_asked_again(
    stack: Stack, service: Service
) -> None:
    service.created()
    stack.links["database"].slow(0.05)
    thread, answers = in_background(stack, service.wish_for_update(text="mid-request"), str(uuid.uuid4()))
    until(lambda: busy_sessions(stack), "the request is at work", every=0.01)
    stack.kill("database")
    stack.links["database"].mend()
    stack.start("database")
    thread.join(90)
    service.proved(answers[0], "mid-request", attempts=["succeeded"])
    many = "SELECT count(*) AS n FROM lifecycle_changerequest WHERE instance_id = %s AND kind = 'update'"
    assert stack.sql(many, service.instance)[0]["n"] == 1


def busy_sessions(stack: Stack) -> bool:
    """Whether somebody but us has a transaction open."""
    query = (
        "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        " AND xact_start IS NOT NULL"
    )
    return bool(stack.sql(query))


def test_what_helm_finished_while_the_database_was_away_is_taken_over_and_not_repeated(
    stack: Stack, service: Service
) -> None:
    service.created()
    change = service.update(text="adopted", hookSeconds=2)
    [helm] = service.await_helm()
    failed_before = times_said(stack, b"step_failed")
    worker = procs.parent_of(helm)
    os.kill(worker, signal.SIGSTOP)  # so that it learns of the end only when there is no database any more
    until(lambda: service.records()[-1].status == "deployed", "helm has finished by itself", seconds=30)
    revision = service.records()[-1].revision
    stack.kill("database")
    os.kill(worker, signal.SIGCONT)
    until(lambda: not procs.children_of(worker), "its worker has seen the end")
    until(
        lambda: times_said(stack, b"step_failed") > failed_before, "it could not write down what it has seen"
    )
    stack.start("database")
    service.proved(change, "adopted", attempts=["lost", "succeeded"])
    assert service.records()[-1].revision == revision
    assert "was finished by the attempt before: taken over as it is" in service.log(change)


def test_a_database_that_is_away_in_mid_helm_for_less_than_the_lease_is_not_noticed(
    stack: Stack, service: Service
) -> None:
    service.created()
    change = service.update(text="a short absence", hookSeconds=4)
    service.await_helm()
    began = time.monotonic()
    stack.kill("database")
    stack.start("database")
    short = time.monotonic() - began < SHORT_SECONDS  # a busy machine may need longer to start it
    service.proved(change, "a short absence", attempts=["succeeded"] if short else None)


def test_lines_of_a_log_that_the_database_does_not_take_stop_no_rollout(
    stack: Stack, service: Service
) -> None:
    service.created()
    with logs_refused(stack):
        change = service.update(text="no log", hookSeconds=1)
        service.proved(change, "no log", attempts=["succeeded"])
    assert service.log(change) == ""
