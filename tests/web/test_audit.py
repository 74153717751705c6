"""The pages of the audit trail: finding a record, reading it, proving it, taking it away."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from portal.audit import passes, trail_tasks
from portal.audit.context import acting
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from portal.core import clock
from portal.web.paging import BoundedPaginator
from tests.fixtures.organisation import Organisation
from tests.fixtures.trail import disarmed
from tests.web.conftest import SignIn
from tests.web.pages import Page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def file(settings: Any, tmp_path: Path) -> None:
    settings.SLIPWAY_AUDIT_CHECKPOINTS = tmp_path / "checkpoints.jsonl"


@pytest.fixture
def event(organisation: Organisation) -> AuditEvent:
    with acting(AuditEvent.Source.API, "r-42"):
        return record(
            "application.created",
            organisation.storefront,
            actor=organisation.alice,
            on_behalf_of=organisation.bob,
            before={"size": "small", "plan": {"cpu": 1}, "gone": "yes"},
            after={"size": "large", "plan": {"cpu": 1}, "new": [1, 2]},
            comment="=SUM(A1)",
        )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "SUM(A1"}, True),
        ({"q": "storefront"}, True),
        ({"q": "nothing like it"}, False),
        ({"action": "application."}, True),
        ({"action": "application.created"}, True),
        ({"action": "change."}, False),
        ({"actor": "alice"}, True),
        ({"actor": "bob"}, False),
        ({"on_behalf_of": "bob"}, True),
        ({"source": "api"}, True),
        ({"source": "task"}, False),
        ({"team": "shop"}, True),
        ({"team": "payments"}, False),
        ({"request_id": "r-42"}, True),
        ({"request_id": "r-43"}, False),
        ({"object_type": "Application"}, True),
        ({"object_type": "Cluster"}, False),
        ({"since": (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")}, False),
        ({"until": (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")}, True),
    ],
)
def test_records_are_found(
    query: dict[str, str], found: bool, event: AuditEvent, organisation: Organisation, signed_in: SignIn
) -> None:
    page = signed_in(organisation.audrey).get(f"/audit/?{urlencode(query)}").content.decode()
    assert (f"/audit/{event.pk}/" in page) == found
    assert Page(page).problems == []


def test_a_record_shows_before_and_after_side_by_side_and_its_place(
    event: AuditEvent, organisation: Organisation, signed_in: SignIn
) -> None:
    page = signed_in(organisation.audrey).get(f"/audit/{event.pk}/").content.decode()
    for text in ("on behalf of bob", "plan.cpu", "As written", event.hash, event.previous_hash, "r-42"):
        assert text in page
    assert '<span class="del">small</span>' in page
    assert '<span class="add">large</span>' in page
    assert Page(page).problems == []


def test_an_altered_record_says_so(event: AuditEvent, organisation: Organisation, signed_in: SignIn) -> None:
    with disarmed(connection):
        AuditEvent.objects.filter(pk=event.pk).update(comment="x")
    assert (
        "This record was altered"
        in signed_in(organisation.audrey).get(f"/audit/{event.pk}/").content.decode()
    )


def test_a_record_of_another_team_is_not_there(
    event: AuditEvent, organisation: Organisation, signed_in: SignIn
) -> None:
    assert signed_in(organisation.pia).get(f"/audit/{event.pk}/").status_code == 404
    # it was done for bob, and alice did it
    for person in (organisation.alice, organisation.bob):
        assert signed_in(person).get(f"/audit/{event.pk}/").status_code == 200


def test_how_the_trail_stands_is_shown_to_its_readers(
    event: AuditEvent, organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.audrey)
    assert "Not proven yet" in browser.get("/audit/").content.decode()
    trail_tasks.verify()
    trail_tasks.checkpoint()
    page = browser.get("/audit/").content.decode()
    assert "Proven" in page
    assert "checkpoint 1 signed over" in page
    assert "Proven" not in signed_in(organisation.alice).get("/audit/").content.decode()


def test_a_broken_trail_is_shown_until_it_is_whole(
    event: AuditEvent, organisation: Organisation, signed_in: SignIn
) -> None:
    with disarmed(connection):
        AuditEvent.objects.filter(pk=event.pk).update(comment="x")
    passes.step()
    browser = signed_in(organisation.audrey)
    page = browser.get("/audit/").content.decode()
    assert "The trail is broken" in page
    assert "Its content was altered" in page
    said = browser.post("/audit/verify/", follow=True).content.decode()
    assert said.count("Its content was altered") >= 2


def test_what_is_shown_can_be_taken_away(
    event: AuditEvent, organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.audrey)
    answer = browser.get("/audit/export/?as=csv&actor=alice")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["comment"] for row in rows if row["id"] == str(event.pk)] == ["'=SUM(A1)"]
    assert {row["actor"] for row in rows} == {"alice"}
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    told = AuditEvent.objects.filter(action="audit.exported").latest("sequence")
    assert told.after == {"format": "csv", "complete": False, "selection": {"actor": "alice"}}
    assert told.actor == organisation.audrey


def test_members_take_away_what_they_may_see_and_no_claim_that_it_is_all(
    event: AuditEvent, organisation: Organisation, signed_in: SignIn
) -> None:
    for person, complete in ((organisation.pia, False), (organisation.audrey, True)):
        answer = signed_in(person).get("/audit/export/?as=jsonl")
        head, *rows = map(json.loads, b"".join(answer.streaming_content).decode().splitlines())
        assert head["complete"] is complete
        assert (str(event.pk) in {row["id"] for row in rows}) is complete


@pytest.mark.parametrize("query", ["", "as=xml", "as=csv&source=nonsense", "as=csv&since=yesterday"])
def test_an_export_that_makes_no_sense_is_refused(
    query: str, organisation: Organisation, signed_in: SignIn
) -> None:
    assert signed_in(organisation.audrey).get(f"/audit/export/?{query}").status_code == 400
    assert not AuditEvent.objects.filter(action="audit.exported").exists()


def test_a_list_of_millions_is_not_counted(
    event: AuditEvent, organisation: Organisation, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.web.paging.MOST", 3)
    monkeypatch.setattr("portal.web.paging.ROWS", 1)
    for _ in range(5):
        record("application.created", organisation.storefront, actor=None)
    page = signed_in(organisation.audrey).get("/audit/").content.decode()
    assert "Page 1 of 3, 3 and more: narrow the list" in page
    assert BoundedPaginator(AuditEvent.objects.none(), 1).count == 0
