"""A request is repeated, made twice in one moment, or loses its web process between commit and answer."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.faults.service import Service
from tools.chaos.client import Client, NoAnswer, Reply
from tools.chaos.stack import Stack
from tools.chaos.waiting import until

HOLD = """
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON lifecycle_changerequest DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION hold();
"""
WAITS_AT_COMMIT = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def at_once(*asks: Callable[[], Reply]) -> list[Reply]:
    """What each is answered, all of them asked in one moment."""
    barrier = threading.Barrier(len(asks))

    def ask(one: Callable[[], Reply]) -> Reply:
        barrier.wait(10)
        return one()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(ask, asks))


def updates(stack: Stack, service: Service) -> list[dict[str, Any]]:
    query = "SELECT * FROM lifecycle_changerequest WHERE instance_id = %s AND kind = 'update' ORDER BY id"
    return stack.sql(query, service.instance)


def post(client: Client, wish: dict[str, Any], key: str) -> Callable[[], Reply]:
    return lambda: client.once("POST", "changes/", wish, key=key)


def test_a_key_used_again_with_the_same_body_gives_the_same_change(stack: Stack, service: Service) -> None:
    service.created()
    wish, key = service.wish_for_update(text="asked twice"), str(uuid.uuid4())
    first, second = post(stack.alice, wish, key)(), post(stack.alice, wish, key)()
    assert (first.status, second.status) == (201, 200)
    assert first.body["id"] == second.body["id"]
    service.proved(first.body, "asked twice", attempts=["succeeded"])
    third = post(stack.alice, wish, key)()
    assert (third.status, third.body["id"], third.body["state"]) == (200, first.body["id"], "succeeded")
    assert len(updates(stack, service)) == 1


def test_a_key_used_again_with_another_body_is_refused_and_changes_nothing(
    stack: Stack, service: Service
) -> None:
    service.created()
    key = str(uuid.uuid4())
    first = post(stack.alice, service.wish_for_update(text="the first"), key)()
    other = post(stack.alice, service.wish_for_update(text="another"), key)()
    assert (other.status, other.body["code"]) == (409, "idempotency_key_reused")
    service.proved(first.body, "the first", attempts=["succeeded"])
    assert len(updates(stack, service)) == 1


def test_one_key_used_by_eight_clients_at_the_same_instant_gives_one_change(
    stack: Stack, service: Service
) -> None:
    service.created()
    wish, key = service.wish_for_update(text="eight at once"), str(uuid.uuid4())
    replies = at_once(*[post(stack.alice, wish, key)] * 8)
    assert {reply.status for reply in replies} <= {200, 201}, [reply.body for reply in replies]
    assert len({reply.body["id"] for reply in replies}) == 1
    service.proved(replies[0].body, "eight at once", attempts=["succeeded"])
    assert len(updates(stack, service)) == 1


def test_one_key_used_with_two_bodies_at_the_same_instant_gives_one_change(
    stack: Stack, service: Service
) -> None:
    service.created()
    key = str(uuid.uuid4())
    wishes = {text: service.wish_for_update(text=text) for text in ("one", "other")}
    replies = at_once(*[post(stack.alice, wish, key) for wish in wishes.values()])
    assert sorted(reply.status for reply in replies) == [201, 409], [reply.body for reply in replies]
    change = next(reply.body for reply in replies if reply.status == 201)
    text = next(text for text, reply in zip(wishes, replies, strict=True) if reply.status == 201)
    service.proved(change, text, attempts=["succeeded"])


def test_of_two_people_who_change_one_instance_at_the_same_instant_one_is_told_to_wait(
    stack: Stack, service: Service
) -> None:
    service.created()
    asks = {
        text: post(stack.people[name], service.wish_for_update(text=text), str(uuid.uuid4()))
        for name, text in (("alice", "of alice"), ("bob", "of bob"))
    }
    replies = dict(zip(asks, at_once(*asks.values()), strict=True))
    assert sorted(reply.status for reply in replies.values()) == [201, 409]
    refused = next(reply for reply in replies.values() if reply.status == 409)
    assert refused.body["code"] == "change_under_way"
    [(text, made)] = [(text, reply) for text, reply in replies.items() if reply.status == 201]
    service.proved(made.body, text, attempts=["succeeded"])
    assert len(updates(stack, service)) == 1


def killed_after_commit(stack: Stack, service: Service, wish: dict[str, Any], key: str) -> dict[str, Any]:
    """Kill web when the database has committed the change and before web has heard of that; the change."""
    with held_at_commit(stack) as let_go:
        lost = asked_in_vain(stack, wish, key)
        until(lambda: stack.sql(WAITS_AT_COMMIT), "the request is about to commit", seconds=30)
        stack.links["database"].silence()
        let_go()
        [change] = until(lambda: updates(stack, service), "the change is committed")
        stack.kill("web")
    assert lost.wait(20)
    stack.links["database"].mend()
    return change


def asked_in_vain(stack: Stack, wish: dict[str, Any], key: str) -> threading.Event:
    """Ask once; set when the portal has hung up without an answer."""
    lost = threading.Event()

    def ask() -> None:
        with pytest.raises(NoAnswer):
            stack.alice.once("POST", "changes/", wish, key=key)
        lost.set()

    threading.Thread(target=ask, daemon=True).start()
    return lost


@contextmanager
def held_at_commit(stack: Stack) -> Iterator[Callable[[], object]]:
    """Whoever commits a new change waits, all its statements done, until the function given is called."""
    stack.sql("SELECT pg_advisory_lock(7)")
    stack.sql(HOLD)
    try:
        yield lambda: stack.sql("SELECT pg_advisory_unlock(7)")
    finally:
        stack.sql("SELECT pg_advisory_unlock_all()")
        stack.sql("DROP FUNCTION hold CASCADE")


def test_web_killed_between_commit_and_wake_up_loses_nothing(stack: Stack, service: Service) -> None:
    service.created()
    for name in ("worker-1", "worker-2", "beat-1"):
        stack.stop(name)
    stack.broker.flush()
    change = killed_after_commit(stack, service, service.wish_for_update(text="nobody woken"), "")
    assert stack.broker.waiting() == 0  # the wake-up was never sent
    stack.start("beat-1", wait=False)
    stack.start("worker-1", wait=False)
    stack.start("web")
    service.proved(change, "nobody woken", attempts=["succeeded"])


def test_a_client_that_lost_its_answer_asks_again_with_its_key_and_gets_the_change_that_was_made(
    stack: Stack, service: Service
) -> None:
    service.created()
    wish, key = service.wish_for_update(text="asked again"), str(uuid.uuid4())
    change = killed_after_commit(stack, service, wish, key)
    stack.start("web")
    assert stack.alice.ask(wish, key=key)["id"] == change["id"]
    service.proved(change, "asked again")
    assert len(updates(stack, service)) == 1
