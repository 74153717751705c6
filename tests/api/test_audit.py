"""The trail over the API: narrowing it, taking it away, proving it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from portal.audit import passes
from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from tests.api.conftest import World
from tests.api.test_problems import check
from tests.fixtures.trail import disarmed


@pytest.fixture(autouse=True)
def file(settings: Any, tmp_path: Path) -> None:
    settings.SLIPWAY_AUDIT_CHECKPOINTS = tmp_path / "checkpoints.jsonl"


@pytest.fixture
def event(world: World) -> AuditEvent:
    people = world.people
    with acting(AuditEvent.Source.TASK, "r-7"):
        return record(
            "change.approved",
            world.change,
            actor=people["olga"],
            on_behalf_of=people["alice"],
            after={"digest": "sha256:x"},
            comment="Looked at it.",
        )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "looked"}, 1),
        ({"q": "nowhere"}, 0),
        ({"action_prefix": "change."}, 1),
        ({"action_prefix": "session."}, 0),
        ({"on_behalf_of": "alice"}, 1),
        ({"on_behalf_of": "olga"}, 0),
        ({"request_id": "r-7"}, 1),
        ({"request_id": "r-8"}, 0),
        ({"source": "task"}, 1),
    ],
)
def test_it_is_narrowed(world: World, event: AuditEvent, query: dict[str, str], found: int) -> None:
    rows = world.api("audrey").get(f"audit/?{urlencode(query)}").json()["results"]
    assert len(rows) == found


@pytest.mark.parametrize("query", ["action_prefix=%25", "action_prefix=Change.", "since=yesterday", "as=csv"])
def test_what_makes_no_sense_is_refused(world: World, query: str) -> None:
    check(world.api("audrey").get(f"audit/?{query}"), 400, "invalid_input")


def test_a_record_says_its_place_in_the_chain(world: World, event: AuditEvent) -> None:
    row = world.api("audrey").get(f"audit/{event.pk}/").json()
    assert (row["actor"], row["on_behalf_of"], row["source"]) == ("olga", "alice", "task")
    place = (event.lane, event.sequence, event.previous_hash, event.digest, event.hash)
    assert tuple(row[name] for name in ("lane", "sequence", "previous_hash", "digest", "hash")) == place


def test_all_of_it_is_taken_away_by_its_readers(world: World, event: AuditEvent) -> None:
    answer = world.api("audrey").get("audit/export/")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    head, *rows = map(json.loads, b"".join(answer.streaming_content).decode().splitlines())
    assert head["complete"] is True
    assert len(rows) == AuditEvent.objects.count()
    told = AuditEvent.objects.get(action="audit.exported")
    assert (told.actor, told.source) == (world.people["audrey"], "api")


def test_others_take_away_what_they_may_see(world: World, event: AuditEvent) -> None:
    record("change.approved", world.foreign_change, actor=world.people["olga"])
    answer = world.api("alice").get("audit/export/?as=jsonl&action=change.approved")
    head, *rows = map(json.loads, b"".join(answer.streaming_content).decode().splitlines())
    assert (head["complete"], head["selection"]) == (False, {"action": "change.approved"})
    assert [row["id"] for row in rows] == [str(event.pk)]


@pytest.mark.parametrize("query", ["as=xml", "as=csv&page=2", "as=csv&source=nonsense"])
def test_an_export_that_makes_no_sense_is_refused(world: World, query: str) -> None:
    check(world.api("audrey").get(f"audit/export/?{query}"), 400, "invalid_input")
    assert not AuditEvent.objects.filter(action="audit.exported").exists()


def test_it_is_proven(world: World, event: AuditEvent) -> None:
    body = world.api("audrey").get("audit/verify/").json()
    assert body == {
        "intact": True,
        "complete": True,
        "checked": AuditEvent.objects.count(),
        "unchecked": 0,
        "fault": None,
        "last_pass": None,
    }


def test_the_first_record_that_is_wrong_is_named(world: World, event: AuditEvent) -> None:
    with disarmed(connection):
        AuditEvent.objects.filter(pk=event.pk).update(comment="Never looked at it.")
    passes.step()
    body = world.api("audrey").get("audit/verify/").json()
    assert body["intact"] is False
    for fault in (body["fault"], body["last_pass"]["fault"]):
        assert (fault["kind"], fault["event_id"], fault["action"]) == (
            "content",
            str(event.pk),
            "change.approved",
        )
        assert (fault["lane"], fault["sequence"]) == (event.lane, event.sequence)


def test_a_long_trail_is_not_walked_in_one_request(world: World, event: AuditEvent, monkeypatch: Any) -> None:
    for _ in range(5):
        record("change.approved", world.change, actor=world.people["olga"])
    monkeypatch.setattr(passes.look, "__defaults__", (3,))
    body = world.api("audrey").get("audit/verify/").json()
    assert (body["intact"], body["complete"], body["checked"], body["unchecked"]) == (True, False, 3, 3)
