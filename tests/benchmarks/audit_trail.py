"""`python -m tests.benchmarks.audit_trail append|verify` on the PostgreSQL of SLIPWAY_DATABASE_URL."""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"
    django.setup()

from django.core.management import call_command
from django.db import connection, connections, models, transaction

from portal.accounts.models import Team
from portal.audit import lanes, verifying
from portal.audit.judging import GENESIS, content_digest, link_hash
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from portal.core import clock

WRITERS, SECONDS, ROUNDS = 8, 3.0, 5
PLAIN = "audit_plain"
MANY, MANY_LANES = 1_000_000, 8
BEFORE = {"release": None}
AFTER = {"release": "sha256:" + "a" * 64, "outcome": "Ready after 12 s.", "replicas": 3}

# the trail's columns in a table of their own, written through the same ORM
_fields = {field.name: field.clone() for field in AuditEvent._meta.concrete_fields}
_meta = type("Meta", (), {"app_label": "benchmarks", "db_table": PLAIN, "managed": False})
PlainEvent: Any = type("PlainEvent", (models.Model,), {**_fields, "__module__": __name__, "Meta": _meta})


def append(team: Team, number: int) -> None:
    """What every service does: one record in the transaction of what it records."""
    with transaction.atomic():
        record("role.granted", team, actor=None, team_id=team.pk, before=BEFORE, after=AFTER, comment="No.")


def insert(team: Team, number: int) -> None:
    """The same columns, without chain, digest and lane."""
    with transaction.atomic():
        PlainEvent(
            at=clock.now(),
            action="role.granted",
            actor=None,
            actor_name="slipway",
            on_behalf_of=None,
            on_behalf_of_name="",
            source="command",
            request_id="",
            team_id=team.pk,
            object_type="Team",
            object_id=str(team.pk),
            object_label=str(team),
            before=BEFORE,
            after=AFTER,
            comment="No.",
            digest=GENESIS,
            lane=os.getpid() % 30_000,
            sequence=number,
            previous_hash=GENESIS,
            hash=GENESIS,
        ).save(force_insert=True)


def per_second(write: Callable[[Team, int], None], team: Team, first: int) -> float:
    """Of WRITERS processes together, each with a connection of its own."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    start, counts = context.Barrier(WRITERS), context.Queue()

    def work() -> None:
        connection.ensure_connection()
        start.wait()
        count, end = 0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            write(team, first + count)
            count += 1
        counts.put(count)

    workers = [context.Process(target=work) for _ in range(WRITERS)]
    for worker in workers:
        worker.start()
    total = sum(counts.get() for _ in workers)
    for worker in workers:
        worker.join()
    return total / SECONDS


def appending() -> dict[str, float]:
    team = Team.objects.create(slug="shop", name="Shop")
    connection.cursor().execute(f"CREATE TABLE {PLAIN} (LIKE {lanes.TABLE} INCLUDING ALL)")
    pairs = []
    for number in range(ROUNDS):
        plain = per_second(insert, team, 1 + number * 1_000_000)
        pairs.append((per_second(append, team, 0), plain))
    found = verifying.verify()
    assert found.intact, found.fault
    assert found.checked == AuditEvent.objects.count()
    return {
        "appends_per_second": statistics.median(ours for ours, _ in pairs),
        "inserts_per_second": statistics.median(plain for _, plain in pairs),
        "ratio": statistics.median(ours / plain for ours, plain in pairs),
        "lanes": len(lanes.ends()),
    }


COLUMNS = (
    *("id", "at", "action", "actor_name", "on_behalf_of_name", "source", "request_id", "object_type"),
    *("object_id", "object_label", "before", "after", "comment", "digest", "lane", "sequence"),
    *("previous_hash", "hash"),
)


def rows() -> Iterator[tuple[Any, ...]]:
    """A million records as the portal writes them, in some lanes."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for lane in range(MANY_LANES):
        previous = GENESIS
        for sequence in range(1, MANY // MANY_LANES + 1):
            at, key = began + timedelta(seconds=sequence), uuid.UUID(int=lane << 64 | sequence)
            said = {
                "object_id": str(sequence),
                "object_label": f"Change #{sequence}",
                "comment": "It is time.",
            }
            content = {
                "id": str(key),
                "at": at.isoformat(timespec="microseconds"),
                "action": "change.succeeded",
                "actor": None,
                "actor_name": "slipway",
                "source": "task",
                "request_id": f"request-{sequence}",
                "team": None,
                "object_type": "ChangeRequest",
                "before": BEFORE,
                "after": AFTER,
                **said,
            }
            digest = content_digest(content)
            linked = link_hash(lane, sequence, previous, digest)
            place = {
                "digest": digest,
                "lane": lane,
                "sequence": sequence,
                "previous_hash": previous,
                "hash": linked,
            }
            columns = {**content, **place, "on_behalf_of_name": ""}
            columns |= {"before": json.dumps(BEFORE), "after": json.dumps(AFTER)}
            yield tuple(columns[name] for name in COLUMNS)
            previous = linked


def proving() -> dict[str, float]:
    connection.ensure_connection()
    with transaction.atomic(), connection.cursor() as cursor:
        statement = f"COPY {lanes.TABLE} ({', '.join(COLUMNS)}) FROM STDIN"
        with cursor.copy(statement) as copy:
            for row in rows():
                copy.write_row(row)
    connection.cursor().execute(f"ANALYZE {lanes.TABLE}")
    took = {}
    for processes in (1, 2):
        began, worked = time.monotonic(), time.process_time()
        found = verifying.verify(processes=processes)
        took[f"seconds_{processes}"] = time.monotonic() - began
        if processes == 1:
            took["of_it_processor"] = time.process_time() - worked
        assert found.intact, found.fault
        assert found.checked == MANY
    return {"records": MANY, **took}


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps({"append": appending, "verify": proving}[sys.argv[1]]()))
