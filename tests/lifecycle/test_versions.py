"""Versions on their way out, seen from what runs them; and a fleet's versions."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.audit.models import AuditEvent, Notification
from portal.core.errors import ValidationFailed
from portal.lifecycle.operations import deprecations as telling
from portal.lifecycle.selectors import fleet, fleet_export
from portal.lifecycle.services import comparisons
from services_catalog import deprecations
from services_catalog.models import OfferingVersion
from services_catalog.models.deprecation import today
from tests.factories import InstanceFactory, ReleaseFactory
from tests.lifecycle.campaigns import scene
from tests.lifecycle.campaigns.conftest import notes, notes_snapshot, organisation  # noqa: F401 fixtures
from tests.lifecycle.helpers import ask, succeed

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(notes) -> OfferingVersion:  # noqa: F811
    return OfferingVersion.objects.get(offering__slug="note", version="1.0.0")


def retire(organisation, version, days):  # noqa: F811
    said = {"message": "Take 2.", "retires_on": today() + timedelta(days=days), "successor": "2.0.0"}
    deprecations.deprecate(version, actor=organisation.pete, data=said)


def notices() -> list[str]:
    rows = Notification.objects.filter(topic="deprecation.announced", user__username="alice")
    return list(rows.order_by("created_at").values_list("text", flat=True))


def test_owners_are_told_when_it_is_said_and_in_time_before_it_retires(organisation, old, monkeypatch):  # noqa: F811
    retire(organisation, old, 60)
    for days in (0, 29, 1, 23, 6, 1):
        scene.later(monkeypatch, days=days)
        telling.announce_due()
        telling.announce_due()
    found = notices()
    assert len(found) == 5
    assert found[0].startswith("Note 1.0.0 is deprecated and retires on")
    assert "3 instances run it in Shop. Take 2." in found[0]
    assert "in 1 day:" in found[3]
    assert "has retired" in found[4]
    assert AuditEvent.objects.filter(action="deprecation.announced").count() == 5
    urgent = Notification.objects.filter(topic="deprecation.announced", user__username="alice", urgent=True)
    assert urgent.count() == 2


def test_only_teams_that_run_it_are_told(organisation, old):  # noqa: F811
    own = ask(organisation.pia, kind="upgrade", instance=_ledger().pk, version="2.0.0")
    succeed(own)
    scene.ServiceInstance.objects.filter(application__slug="ledger").exclude(pk=_ledger().pk).update(
        retired_at=own.created_at
    )
    retire(organisation, old, 60)
    telling.announce_due()
    people = Notification.objects.filter(topic="deprecation.announced").values_list(
        "user__username", flat=True
    )
    assert set(people) == {"alice", "bob", "mona"}


def _ledger():
    return scene.ServiceInstance.objects.get(
        application__slug="ledger", environment__slug="dev", offering__slug="note"
    )


def test_from_its_day_on_it_is_left_but_not_changed(organisation, notes, old, monkeypatch):  # noqa: F811
    retire(organisation, old, 2)
    mine = notes["storefront/dev"]
    ask_update = {"kind": "update", "instance": mine.pk, "values": {"text": "x"}}
    succeed(ask(organisation.alice, **ask_update))
    scene.later(monkeypatch, days=2)
    with pytest.raises(ValidationFailed) as caught:
        ask(organisation.alice, **ask_update)
    assert [error["code"] for error in caught.value.errors] == ["version_retired"]
    assert "Upgrade to 2.0.0" in caught.value.errors[0]["message"]
    with pytest.raises(ValidationFailed):
        ask(organisation.alice, kind="promote", instance=mine.pk, environment="staging")
    succeed(ask(organisation.alice, kind="upgrade", instance=mine.pk, version="2.0.0"))
    back = mine.releases.order_by("number").first()
    assert ask(organisation.alice, kind="rollback", instance=mine.pk, release=back.pk).state == "queued"


# ------------------------------------------------------------------ the fleet
def test_the_fleet_says_how_far_each_is_behind_and_only_of_ones_teams(organisation, notes, monkeypatch):  # noqa: F811
    scene.later(monkeypatch, days=10)
    succeed(ask(organisation.alice, kind="upgrade", instance=notes["storefront/dev"].pk, version="2.0.0"))
    lines = fleet.of_offering(organisation.audrey, notes["storefront/dev"].offering)
    assert [(line.behind.version.version, line.behind.state, dict(line.counts)) for line in lines] == [
        ("2.0.0", "newest", {"dev": 1}),
        ("1.0.0", "behind", {"dev": 1, "staging": 2, "production": 2}),
    ]
    assert (lines[1].behind.versions, lines[1].behind.days) == (1, 10)
    own = fleet.of_offering(organisation.pia, notes["ledger/dev"].offering)
    assert sum(line.total for line in own) == 3


def test_the_fleet_can_be_narrowed_to_what_is_overdue(organisation, notes, old, monkeypatch):  # noqa: F811
    retire(organisation, old, 2)
    rows = fleet.rows(organisation.audrey)
    assert fleet.narrowed(rows, "deprecated").count() == 6
    scene.later(monkeypatch, days=3)
    assert fleet.narrowed(rows, "overdue").count() == 6
    assert fleet.narrowed(rows, "deprecated").count() == 0
    assert next(line.overdue for line in fleet.of_all(organisation.audrey)) == 6


def test_the_fleet_is_taken_away_as_a_file(organisation, notes):  # noqa: F811
    rows = fleet.rows(organisation.pia).filter(offering__slug="note")
    lines = list(csv.DictReader("".join(fleet_export.comma_separated(rows)).splitlines()))
    assert {(line["application"], line["version"], line["state"]) for line in lines} == {
        ("ledger", "1.0.0", "behind")
    }


def test_a_larger_fleet_costs_no_more_queries(organisation, notes, old):  # noqa: F811
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            fleet.of_all(organisation.audrey)
            fleet.of_offering(organisation.audrey, old.offering)
            fleet_export.lines(fleet.rows(organisation.audrey)[:200])
        return len(queries)

    cost()
    before = cost()
    place = notes["storefront/dev"]
    for number in range(30):
        instance = InstanceFactory(
            application=place.application,
            environment=place.environment,
            offering=old.offering,
            name=f"n{number}",
            created_by=organisation.alice,
        )
        instance.current_release = ReleaseFactory(
            instance=instance, offering_version=old, created_by=organisation.alice
        )
        instance.save()
    assert cost() == before


# ------------------------------------------------------------------ comparing
def test_both_are_rendered_and_the_new_one_is_judged(organisation, notes):  # noqa: F811
    found = comparisons.compare(organisation.alice, "note", old="1.0.0", new="2.0.0")
    assert found.rendering.problem == ""
    assert [(str(each.key), each.change) for each in found.rendering.diff] == [
        ("ConfigMap/example", "changed")
    ]
    assert found.rendering.passed > 0
    assert {each.path for each in found.keys} == {"/colour", "/size"}


def test_for_an_instance_its_own_values_are_taken_and_misfits_are_named(organisation, notes):  # noqa: F811
    mine = scene.install(organisation, "search", "dev", succeed, text="mine")
    found = comparisons.compare(organisation.audrey, "note", new="2.0.0", instance=mine.pk)
    changed = [field.path for each in found.rendering.diff for field in each.fields]
    assert changed == ["data.version"]
    succeed(ask(organisation.alice, kind="update", instance=mine.pk, values={"colour": "red"}))
    again = comparisons.compare(organisation.audrey, "note", new="2.0.0", instance=mine.pk)
    assert [error["path"] for error in again.rendering.errors] == ["/values/colour"]
