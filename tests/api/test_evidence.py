"""Evidence over the API: what keeps the gate shut is said, then refreshed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import ChangeRequest, Evidence
from tests.api.conftest import World

pytestmark = pytest.mark.django_db
TEXT = "@@ -1 +1 @@\n-  replicas: 1\n+  replicas: 3"


def keep(change: ChangeRequest, kind: str, *, minutes: int = 0, **detail: object) -> None:
    Evidence.objects.create(
        change=change,
        kind=kind,
        status=Evidence.Status.GOOD,
        summary="1 changed",
        detail=detail,
        source="cluster sandbox",
        digest=change.seal,
        observed_at=clock.now() - timedelta(minutes=minutes),
    )


def test_each_line_says_how_old_it_is_and_what_it_keeps_shut(world: World) -> None:
    Environment.objects.filter(slug="production").update(required_evidence={"diff": 30, "drift": 5})
    key = {"api_version": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"}
    entry = {"key": key, "change": "changed", "fields": [{"path": "spec.replicas"}], "text": TEXT}
    keep(world.waiting, "diff", minutes=31, objects=[entry], left_off=0)
    keep(world.waiting, "quota", minutes=300, lines=[])
    diff, drift, quota = _by_kind(world, "drift", "diff", "quota")
    assert (diff["required"], diff["stale"], diff["refresh"]) == (True, True, True)
    assert diff["blocks"] == "older than 30 min"
    assert diff["source"] == "cluster sandbox"
    assert diff["detail"] == {"objects": [{"key": key, "change": "changed"}], "left_off": 0}
    assert (drift["status"], drift["observed_at"], drift["blocks"]) == ("unknown", None, "not gathered yet")
    assert (quota["required"], quota["stale"], quota["blocks"]) == (False, False, "")


def _by_kind(world: World, *kinds: str) -> list[dict]:
    rows = world.api("olga").get(f"changes/{world.waiting.pk}/evidence/").json()
    assert [row["kind"] for row in rows] == list(kinds)
    return sorted(rows, key=lambda row: row["kind"])


def test_a_refresh_is_taken_up_by_a_worker(world: World) -> None:
    answer = world.api("alice").post(f"changes/{world.waiting.pk}/evidence/refresh/")
    assert answer.status_code == 202
    world.waiting.refresh_from_db()
    assert world.waiting.evidence_asked_at is not None
    assert world.waiting.evidence_gathered_at is None


def test_what_waits_no_more_has_nothing_to_refresh(world: World) -> None:
    answer = world.api("olga").post(f"changes/{world.change.pk}/evidence/refresh/")
    assert (answer.status_code, answer.json()["code"]) == (409, "state_conflict")
