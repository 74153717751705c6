"""What a record holds: for whom, under which request, without secrets, and as both databases give it back."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.audit import verifying
from portal.audit.context import acting
from portal.audit.judging import ON_BEHALF, content_digest, link_hash
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from portal.core.digests import digest_of
from tests.factories import ChangeFactory, InstanceFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

texts = st.text(st.characters(codec=None), max_size=20)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.dictionaries(texts, values, max_size=4), texts)
def test_whatever_is_recorded_is_read_back_as_it_was_hashed(after: dict[str, Any], comment: str) -> None:
    """Numbers, Unicode and the order of keys, through jsonb or text."""
    with transaction.atomic():
        event = record("session.opened", TeamFactory(), actor=None, after=after, comment=comment)
        again = AuditEvent.objects.get(pk=event.pk)
        assert again.computed_digest() == event.digest
        assert verifying.verify(processes=1).fault is None
        transaction.set_rollback(True)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        record("session.opened", TeamFactory(), actor=None, after={"n": number})


@pytest.mark.parametrize("value", [object(), {1: "x"}, b"bytes", {"set"}])
def test_what_json_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"JSON|key"):
        record("session.opened", TeamFactory(), actor=None, after={"value": value})


def test_the_digest_is_of_the_canonical_form_that_is_documented() -> None:
    event = record("session.opened", TeamFactory(), actor=None, after={"b": 1.0, "a": "ü"})
    content = event.content()
    assert not set(ON_BEHALF) & set(content)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert '"after":{"a":"ü","b":1}' in text
    assert content_digest(content) == event.digest
    place = {"lane": 3, "sequence": 7, "previous": "sha256:a", "digest": "sha256:b"}
    assert link_hash(3, 7, "sha256:a", "sha256:b") == digest_of(place)


def test_what_a_worker_does_with_a_change_is_done_for_whoever_asked_under_their_request() -> None:
    alice = UserFactory(username="alice")
    change = ChangeFactory(instance=InstanceFactory(), requested_by=alice)
    with acting(AuditEvent.Source.API, "r-1"):
        asked = record("change.requested", change, actor=alice)
    with acting(AuditEvent.Source.TASK, "celery-task"):
        done = record("change.succeeded", change, actor=None)
        expired = record("change.expired", change, actor=None)
    assert (asked.on_behalf_of, asked.on_behalf_of_name) == (None, "")
    assert (done.actor_name, done.on_behalf_of, done.request_id) == ("slipway", alice, "r-1")
    # by itself, and for nobody
    assert (expired.on_behalf_of, expired.request_id) == (None, "celery-task")


def test_for_whom_somebody_acted_can_be_said() -> None:
    robot, alice = UserFactory(username="robot"), UserFactory(username="alice")
    event = record("session.opened", TeamFactory(), actor=robot, on_behalf_of=alice)
    assert event.content()["on_behalf_of_name"] == "alice"
    assert AuditEvent.objects.visible_to(alice).get() == event


def test_what_still_looks_like_a_secret_is_masked() -> None:
    after = {"database": {"password": "hunter2", "user": "shop"}, "list": [{"apiKey": "k"}], "token": None}
    event = record(
        "session.opened", TeamFactory(), actor=None, after=after, comment="use postgres://a:pw@db/x"
    )
    stored = AuditEvent.objects.get(pk=event.pk)
    assert stored.after is not None
    assert stored.after["database"]["user"] == "shop"
    assert stored.after["token"] is None
    said = json.dumps(stored.after) + stored.comment
    assert "hunter2" not in said
    assert '"k"' not in said
    assert ":pw@" not in said
    assert "@db/x" in stored.comment


def test_a_record_outside_of_a_transaction_opens_one(transactional_db: None) -> None:
    event = record("session.opened", TeamFactory(), actor=None)
    assert not connection.in_atomic_block
    assert AuditEvent.objects.get() == event
