"""What changed from one version to the next, as whoever upgrades wants to know it."""

from __future__ import annotations

import pytest

from portal.core.errors import NotFound
from services_catalog import comparing
from tests.factories import OfferingVersionFactory, PlanFactory, platform

pytestmark = pytest.mark.django_db
OLD = {
    "type": "object",
    "properties": {
        "colour": {"type": "string", "description": "Of the door."},
        "size": {"type": "integer"},
        "door": {"type": "object", "properties": {"open": {"type": "boolean"}}},
        "password": {"type": "string", "x-slipway-secret": True},
    },
}
NEW = {
    "type": "object",
    "required": ["host"],
    "properties": {
        "host": {"type": "string", "description": "Where it answers."},
        "size": {"type": "integer", "maximum": 9},
        "door": {"type": "object", "properties": {"open": {"type": "boolean"}}},
        "password": {"type": "string", "x-slipway-secret": True},
    },
}


@pytest.fixture
def versions():
    old = OfferingVersionFactory(
        version="1.0.0",
        values_schema=OLD,
        default_values={"colour": "red", "size": 1, "door": {"open": True}, "password": "a"},
        notes="First.",
    )
    OfferingVersionFactory(version="1.5.0", values_schema=OLD, notes="Between.")
    new = OfferingVersionFactory(
        version="2.0.0",
        values_schema=NEW,
        default_values={"size": 1, "door": {"open": False}, "password": "b"},
        notes="Second.",
    )
    PlanFactory(offering_version=old, slug="small", price_cents_per_month=900, values={"size": 1})
    PlanFactory(offering_version=old, slug="tiny", price_cents_per_month=100)
    PlanFactory(offering_version=new, slug="small", price_cents_per_month=950, values={"size": 2})
    return old, new


def test_values_that_went_came_and_changed(versions):
    found = {each.path: each for each in comparing.keys(*versions)}
    assert set(found) == {"/colour", "/host", "/size", "/door/open"}
    assert (found["/colour"].change, found["/colour"].old) == ("removed", "red")
    assert (found["/host"].change, found["/host"].required) == ("added", True)
    assert found["/host"].description == "Where it answers."
    assert found["/size"].rules == ("maximum",)
    assert (found["/door/open"].old, found["/door/open"].new) == (True, False)


def test_the_default_of_a_secret_is_never_shown(versions):
    assert all(each.old != "a" and each.new != "b" for each in comparing.keys(*versions))


def test_plans_that_went_or_cost_something_else(versions):
    found = {each.slug: each for each in comparing.plans(*versions)}
    assert (found["tiny"].change, found["tiny"].old_cents) == ("removed", 100)
    assert (found["small"].old_cents, found["small"].new_cents, found["small"].values) == (
        900,
        950,
        ("/size",),
    )


def test_the_notes_of_all_versions_between(versions):
    pair = comparing.pair(platform("audrey", "auditor"), "thing", "1.0.0", "2.0.0")
    assert [each.notes for each in pair.changelog] == ["Second.", "Between."]


def test_left_out_it_is_the_newest_against_the_one_before(versions):
    pair = comparing.pair(platform("audrey", "auditor"), "thing")
    assert (pair.old.version, pair.new.version) == ("1.5.0", "2.0.0")


def test_a_version_that_is_not_there_is_said(versions):
    with pytest.raises(NotFound, match=r"There are: 2\.0\.0"):
        comparing.pair(platform("audrey", "auditor"), "thing", "7.0.0")
