"""What was there before the lanes is chained in its old order, and nothing of it is lost on the way back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.audit import verifying
from portal.audit.judging import content_digest
from portal.audit.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, AFTER = [("audit", "0002_notifications")], [("audit", "0007_verification")]
START = datetime(2026, 1, 1, tzinfo=UTC)


def migrate(target: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(target)
    return executor.loader.project_state(target).apps


@pytest.fixture
def old() -> Any:
    """The models of before."""
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("audit")
    yield migrate(BEFORE)
    migrate(newest)


def old_event(old: Any, number: int) -> Any:
    event = old.get_model("audit", "AuditEvent")(
        at=START + timedelta(seconds=number),
        action="session.opened",
        actor_name="slipway",
        source="task",
        object_type="Team",
        object_id="1",
        object_label=f"Shop {number}",
        after={"n": number},
        comment="",
    )
    names = ("actor_name", "source", "request_id", "object_type", "object_id", "object_label")
    content = {name: getattr(event, name) for name in (*names, "action", "before", "after", "comment")}
    about = {"id": str(event.id), "at": event.at.isoformat(timespec="microseconds")}
    event.digest = content_digest({**content, **about, "actor": None, "team": None})
    event.save()
    return event


def test_rows_of_before_are_chained_in_their_order(old: Any) -> None:
    events = [old_event(old, number) for number in range(5)]
    # the old chain had two of them, the later one first
    link = old.get_model("audit", "AuditLink").objects
    for sequence, event in enumerate((events[3], events[1]), 1):
        link.create(sequence=sequence, event=event, previous_hash="sha256:x", hash=f"sha256:{sequence}")
    migrate(AFTER)
    rows = AuditEvent.objects.order_by("sequence")
    assert [row.object_label for row in rows] == ["Shop 3", "Shop 1", "Shop 0", "Shop 2", "Shop 4"]
    assert {row.lane for row in rows} == {0}
    found = verifying.verify(processes=1)
    assert (found.fault, found.checked) == (None, 5)


def test_what_was_altered_before_is_not_made_good(old: Any) -> None:
    events = [old_event(old, number) for number in range(3)]
    old.get_model("audit", "AuditEvent").objects.filter(pk=events[1].pk).update(comment="altered")
    migrate(AFTER)
    fault = verifying.verify(processes=1).fault
    assert fault is not None
    assert (fault.kind, fault.event_id) == ("content", str(events[1].pk))


def test_the_way_back_keeps_every_record(old: Any) -> None:
    for number in range(3):
        old_event(old, number)
    migrate(AFTER)
    again = migrate(BEFORE).get_model("audit", "AuditEvent")
    assert again.objects.count() == 3
