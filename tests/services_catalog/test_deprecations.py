"""What is on its way out: said in the portal or in the library's file, and taken back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.errors import NotPermitted, StateConflict, ValidationFailed
from services_catalog import deprecation_format, deprecations
from services_catalog.library import LibraryOffering
from services_catalog.models import Offering, OfferingVersion
from services_catalog.models.deprecation import today
from tests.factories import OfferingFactory, OfferingVersionFactory, platform

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> OfferingVersion:
    OfferingVersionFactory(version="2.0.0")
    found: OfferingVersion = OfferingVersionFactory(version="1.0.0")
    return found


@pytest.fixture
def pete():
    return platform("pete", "platform_engineer")


def in_days(days: int) -> date:
    return today() + timedelta(days=days)


def errors_of(caught) -> set[str]:
    return {error["path"] for error in caught.value.errors}


def test_a_deprecated_version_is_for_what_runs_already(version, pete):
    said = {"message": "Upgrade.", "retires_on": in_days(60), "successor": "2.0.0"}
    deprecations.deprecate(version, actor=pete, data=said)
    assert (version.status, version.successor.version, version.days_left) == ("deprecated", "2.0.0", 60)
    assert version not in OfferingVersion.objects.requestable()
    assert version in OfferingVersion.objects.changeable()
    event = AuditEvent.objects.get(action="version.deprecated")
    assert event.after["retires_on"] == in_days(60).isoformat()


def test_from_its_day_on_nothing_is_moved_to_it(version, pete, monkeypatch):
    deprecations.deprecate(version, actor=pete, data={"message": "Upgrade.", "retires_on": in_days(2)})
    moment = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert version.is_out
    assert version not in OfferingVersion.objects.changeable()


def test_everything_wrong_is_said_at_once(version, pete):
    with pytest.raises(ValidationFailed) as caught:
        deprecations.deprecate(
            version, actor=pete, data={"message": " ", "retires_on": today(), "successor": "1.0.0"}
        )
    assert errors_of(caught) == {"/message", "/retires_on", "/successor"}


def test_only_a_platform_engineer_may_and_no_draft_can_be(version, pete):
    with pytest.raises(NotPermitted):
        deprecations.deprecate(version, actor=platform("olga", "operator"), data={"message": "No."})
    draft = OfferingVersionFactory(version="3.0.0", status="draft")
    with pytest.raises(StateConflict):
        deprecations.deprecate(draft, actor=pete, data={"message": "No."})


def test_it_can_be_taken_back_once(version, pete):
    deprecations.deprecate(version, actor=pete, data={"message": "Upgrade.", "retires_on": in_days(9)})
    deprecations.lift(version, actor=pete)
    assert (version.status, version.retires_on, version.deprecation_message) == ("active", None, "")
    with pytest.raises(StateConflict):
        deprecations.lift(version, actor=pete)


def test_a_whole_offering_goes_the_same_way(version, pete):
    offering = Offering.objects.get(pk=version.offering_id)
    OfferingFactory(slug="better", name="Better")
    said = {"message": "Take Better.", "retires_on": in_days(3), "successor": "better"}
    deprecations.deprecate(offering, actor=pete, data=said)
    assert (offering.lifecycle, offering.successor.slug) == ("deprecated", "better")
    assert not OfferingVersion.objects.requestable().filter(offering=offering).exists()


# ------------------------------------------------------------------ the library's file
SAID = {"message": "Old.", "since": "2026-01-01", "retires_on": "2090-01-01", "successor": "2.0.0"}


def put(existing: OfferingVersion, state: str, said: dict[str, str] | None) -> OfferingVersion:
    """As a sync does."""
    fields = deprecations.of_version(existing, state, said)
    for name, value in {"status": state, **fields}.items():
        setattr(existing, name, value)
    existing.save()
    deprecations.link(existing.offering, None, {existing.version: said} if said else {})
    existing.refresh_from_db()
    return existing


def test_a_file_says_it_and_saying_it_again_changes_nothing(version):
    first = put(version, "deprecated", SAID)
    assert (first.retires_on, first.successor.version) == (date(2090, 1, 1), "2.0.0")
    facts = deprecations.of_version(first, "deprecated", SAID)
    assert {name: getattr(first, name) for name in facts} == facts


def test_what_was_said_in_the_portal_stays_while_the_file_says_nothing(version, pete):
    deprecations.deprecate(version, actor=pete, data={"message": "Ours."})
    assert put(version, "active", None).deprecation_message == "Ours."
    assert version.status == "deprecated"
    assert put(version, "deprecated", SAID).deprecation_message == "Old."
    assert put(version, "active", None).status == "active", "the file's own word can be taken back by it"


def test_a_file_that_contradicts_itself_is_refused_with_each_place():
    document = {
        "lifecycle": "active",
        "deprecation": {"message": "x"},
        "versions": [
            {"version": "1.0.0", "status": "active", "deprecation": {"message": "x", "successor": "9.0.0"}},
            {
                "version": "2.0.0",
                "status": "deprecated",
                "deprecation": {"message": "x", "since": "2030-01-01", "retires_on": "2029-01-01"},
            },
            {
                "version": "3.0.0",
                "status": "deprecated",
                "deprecation": {"message": "x", "retires_on": "2030-02-31"},
            },
        ],
    }
    assert {each["path"] for each in deprecation_format.problems(document)} == {
        "/lifecycle",
        "/versions/0/status",
        "/versions/0/deprecation/successor",
        "/versions/1/deprecation/retires_on",
        "/versions/2/deprecation/retires_on",
    }


def test_entries_without_a_deprecation_have_none():
    assert LibraryOffering("thing", {}).deprecation is None
