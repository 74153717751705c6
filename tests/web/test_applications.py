"""Applications: environments side by side, what is ahead, what keeps a promotion, and the list of all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.selectors import costs
from portal.lifecycle.states import Health
from tests.fixtures.organisation import Organisation
from tests.web.conftest import IMAGE, SignIn, ask, settle

APPLICATION = "/applications/storefront/"
NEXT = {"image": {**IMAGE["image"], "tag": "1.5.0"}}


@pytest.fixture
def in_staging(
    organisation: Organisation, namespace: ServiceInstance, service: ServiceInstance
) -> ServiceInstance:
    for instance in (namespace, service):
        settle(ask(organisation.alice, kind="promote", instance=instance.pk, environment="staging"))
    return ServiceInstance.objects.get(environment__slug="staging", name="shop-api")


def test_what_is_ahead_of_the_next_stage_is_named(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance, in_staging: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    same = browser.get(APPLICATION).content.decode()
    assert "Staging runs the same" in same
    assert f"/instances/{service.pk}/promote/staging/" not in same

    settle(ask(organisation.alice, kind="update", instance=service.pk, plan="small", values=NEXT))
    page = browser.get(APPLICATION).content.decode()
    assert "Ahead of Staging" in page
    assert "<del>1.4.2</del>" in page
    assert "<ins>1.5.0</ins>" in page
    assert f"/instances/{service.pk}/promote/staging/" in page
    # what merely names the stage is no difference
    assert "<ins>dev</ins>" not in page


def test_what_keeps_a_promotion_is_said(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    page = signed_in(organisation.alice).get(APPLICATION).content.decode()
    assert "Promote the namespace to Staging first." in page
    assert f"/instances/{service.pk}/promote/staging/" not in page
    looked = signed_in(organisation.audrey).get(APPLICATION).content.decode()
    assert "Members of Shop may promote it." in looked


def test_the_page_says_what_it_costs_and_takes_of_the_quota(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    page = signed_in(organisation.alice).get(APPLICATION).content.decode()
    assert "€ a month in all" in page
    assert "CPU, requested" in page


def test_the_live_part_is_silent_until_something_moves(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.alice)
    first = browser.get(f"{APPLICATION}live/")
    known = {"If-None-Match": first.headers["ETag"]}
    assert browser.get(f"{APPLICATION}live/", headers=known).status_code == 304
    ServiceInstance.objects.filter(pk=service.pk).update(
        health=Health.WRONG, health_message="No pod is ready."
    )
    moved = browser.get(f"{APPLICATION}live/", headers=known)
    assert moved.status_code == 200
    assert "No pod is ready." in moved.content.decode()


def test_the_list_is_narrowed_by_name_team_and_health(
    organisation: Organisation, signed_in: SignIn, service: ServiceInstance
) -> None:
    browser = signed_in(organisation.olga)
    everything = browser.get("/applications/").content.decode()
    assert "storefront" in everything
    assert "ledger" in everything
    assert "ledger" not in browser.get("/applications/?q=store").content.decode()
    assert "storefront" not in browser.get("/applications/?team=payments").content.decode()
    ServiceInstance.objects.filter(pk=service.pk).update(health=Health.WRONG)
    unwell = browser.get("/applications/?health=wrong").content.decode()
    assert "storefront" in unwell
    assert "ledger" not in unwell
    assert "No application matches" in browser.get("/applications/?q=nothing-like-it").content.decode()


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("steps", "cents"),
    [
        ([], 0),
        ([(at(1), 3000)], 1500),  # half of November
        ([(datetime(2026, 9, 1, tzinfo=UTC), 3000)], 1500),  # only this month counts
        ([(at(1), 3000), (at(11), 6000)], 1000 + 1000),
        ([(at(1), 3000), (at(11), 0)], 1000),  # retired
    ],
)
def test_this_months_cost_is_by_price_and_days(steps: list[tuple[datetime, int]], cents: int) -> None:
    assert costs.so_far(steps, at(16)) == cents
