"""Whatever is done to the trail in SQL by somebody whom no trigger stops is found, and the record named."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.audit import checkpoints, keys, lanes, verifying
from portal.audit.judging import Fault, link_hash
from portal.audit.models import AuditEvent
from tests.audit.trails import write
from tests.factories import TeamFactory, UserFactory
from tests.fixtures.trail import disarmed

pytestmark = pytest.mark.django_db
TABLE = "audit_auditevent"
LENGTH = 9
COLUMNS = [field.column for field in AuditEvent._meta.concrete_fields]
examples = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
numbers = st.integers(0, LENGTH - 1)


@pytest.fixture(autouse=True)
def file(settings: Any, tmp_path: Path) -> None:
    settings.SLIPWAY_AUDIT_CHECKPOINTS = tmp_path / "checkpoints.jsonl"


@dataclass
class Scene:
    """Records in the order in which verifying comes to them, and what a checkpoint has seen of them."""

    events: list[AuditEvent]
    anchors: verifying.Anchors

    def found(self) -> Fault | None:
        return verifying.verify(self.anchors, processes=1).fault

    def names(self, event: AuditEvent) -> None:
        """The fault is at that record's place."""
        fault = self.found()
        assert fault is not None
        assert (fault.lane, fault.sequence) == (event.lane, event.sequence), str(fault)


@contextmanager
def scene() -> Iterator[Scene]:
    """Three lanes on PostgreSQL, the one that there is on SQLite; gone afterwards."""
    with transaction.atomic():
        for lane in range(3):
            if connection.vendor == "postgresql":
                lanes._homes[connection.connection] = lane
            write(LENGTH // 3)
        checkpoints.file().unlink(missing_ok=True)
        checkpoints.take()
        anchors = checkpoints.read(checkpoints.file(), keys.trusted()).anchors
        yield Scene(list(AuditEvent.objects.order_by("lane", "sequence")), anchors)
        transaction.set_rollback(True)


def run(statement: str, *values: Any) -> None:
    with disarmed(connection), connection.cursor() as cursor:
        cursor.execute(statement, values)


def other(event: AuditEvent, column: str, seed: int) -> Any:
    """Another value for a column, of its type."""
    field = next(each for each in AuditEvent._meta.concrete_fields if each.column == column)
    now = getattr(event, field.attname)
    changed: Any = {
        "id": uuid.UUID(int=seed + 1),
        "at": event.at + timedelta(microseconds=seed + 1),
        "actor_id": UserFactory().pk,
        "on_behalf_of_id": UserFactory().pk,
        "team_id": TeamFactory().pk,
        "lane": 50 + seed % 9,
        "sequence": event.sequence + LENGTH + seed,
    }.get(column)
    if changed is None and column in ("before", "after"):
        return json.dumps(
            [{}, {**now, "n": seed + 100}, {**now, "more": None}, {"nested": {}}, None, [], 1.5][seed % 7]
        )
    if changed is None:
        changed = f"{now[:-1]}{'b' if now.endswith('a') else 'a'}"[: field.max_length]
    return field.get_db_prep_value(changed, connection)


@examples
@given(numbers, st.sampled_from(COLUMNS), st.integers(0, 1000))
def test_an_edit_of_any_column_is_found(which: int, column: str, seed: int) -> None:
    with scene() as there:
        victim = there.events[which]
        value = other(victim, column, seed)
        cast = "::jsonb" if column in ("before", "after") and connection.vendor == "postgresql" else ""
        run(f"UPDATE {TABLE} SET {column} = %s{cast} WHERE id = %s", value, key(victim))
        there.names(victim)


@pytest.mark.parametrize("column", COLUMNS)
def test_an_edit_of_every_column_is_found(column: str) -> None:
    with scene() as there:
        value = other(there.events[4], column, 1)
        cast = "::jsonb" if column in ("before", "after") and connection.vendor == "postgresql" else ""
        run(f"UPDATE {TABLE} SET {column} = %s{cast} WHERE id = %s", value, key(there.events[4]))
        there.names(there.events[4])


@examples
@given(numbers)
def test_a_deletion_is_found(which: int) -> None:
    with scene() as there:
        run(f"DELETE FROM {TABLE} WHERE id = %s", key(there.events[which]))
        there.names(there.events[which])


@examples
@given(numbers, numbers)
def test_an_exchange_of_places_is_found(one: int, two: int) -> None:
    with scene() as there:
        if one == two:
            assert there.found() is None
            return
        first, second = there.events[min(one, two)], there.events[max(one, two)]
        place = f"UPDATE {TABLE} SET lane = %s, sequence = %s WHERE id = %s"
        run(place, 60, 1, key(first))
        run(place, first.lane, first.sequence, key(second))
        run(place, second.lane, second.sequence, key(first))
        there.names(first)


@examples
@given(numbers, st.booleans())
def test_a_forged_record_in_between_is_found(which: int, skilled: bool) -> None:
    """`skilled`: it carries the right hashes, so that the record behind it is the first that does not fit."""
    with scene() as there:
        behind = there.events[which]
        forged = AuditEvent.objects.get(pk=behind.pk)
        forged.id, forged.comment = uuid.uuid4(), "It was somebody else."
        if skilled:
            forged.digest = forged.computed_digest()
            forged.hash = link_hash(forged.lane, forged.sequence, forged.previous_hash, forged.digest)
        later = AuditEvent.objects.filter(lane=behind.lane, sequence__gte=behind.sequence)
        for event in later.order_by("-sequence"):
            run(f"UPDATE {TABLE} SET sequence = sequence + 1 WHERE id = %s", key(event))
        forged.save(force_insert=True)
        if skilled and behind.sequence != last_of(there, behind.lane):
            behind.sequence += 1
        there.names(behind)


@examples
@given(st.integers(1, 5), st.booleans())
def test_a_forged_record_at_the_end_is_found_unless_it_is_a_right_one(gap: int, right: bool) -> None:
    """Whoever may write may append; what was, stays."""
    with scene() as there:
        end = there.events[-1]
        forged = AuditEvent.objects.get(pk=end.pk)
        forged.id, forged.sequence = uuid.uuid4(), end.sequence + gap
        if right:
            forged.previous_hash, forged.digest = end.hash, forged.computed_digest()
            forged.hash = link_hash(forged.lane, forged.sequence, forged.previous_hash, forged.digest)
        forged.save(force_insert=True)
        if right and gap == 1:
            assert there.found() is None
            return
        end.sequence += 1
        there.names(end)


@examples
@given(numbers)
def test_a_tail_that_is_cut_off_after_a_checkpoint_is_found(which: int) -> None:
    with scene() as there:
        first = there.events[which]
        run(f"DELETE FROM {TABLE} WHERE lane = %s AND sequence >= %s", first.lane, first.sequence)
        there.names(first)


def test_an_emptied_trail_is_found() -> None:
    with scene() as there:
        run(f"DELETE FROM {TABLE}")
        there.names(there.events[0])


def test_control_an_untouched_trail_is_intact() -> None:
    with scene() as there:
        assert there.found() is None


def last_of(there: Scene, lane: int) -> int:
    return max(event.sequence for event in there.events if event.lane == lane)


def key(event: AuditEvent) -> Any:
    return AuditEvent._meta.pk.get_db_prep_value(event.pk, connection)
