"""Campaigns and deprecations, made as rows, and what each role gets of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import CampaignItem, CampaignStage, UpgradeCampaign
from services_catalog.models import Offering, OfferingVersion
from tests.api.conftest import World
from tests.factories import OfferingFactory, OfferingVersionFactory, PlanFactory

CURATOR = "401 403 403 403 {stranger} 403 {code} 403"


def target(offering: Offering) -> OfferingVersion:
    version: OfferingVersion = OfferingVersionFactory(offering=offering, version="2.0.0")
    PlanFactory(offering_version=version)
    return version


def campaign(world: World, state: str = "running", *, offering: Offering | None = None) -> UpgradeCampaign:
    """Of shop's instance in dev; that of production would be another stage. An offering has one at a time: a
    second call moves it to another state."""
    about, now = offering or world.instance.offering, clock.now()
    is_on = state not in ("preparing", "ready")
    if there := UpgradeCampaign.objects.filter(offering=about).first():
        there.state = state
        there.started_by = world.people["pete"] if is_on else None
        there.started_at = now if is_on else None
        there.save()
        return there
    version = target(about)
    made = UpgradeCampaign.objects.create(
        title="To 2",
        offering=about,
        target=version,
        state=state,
        created_by=world.people["pete"],
        created_at=now,
        answer_by=now + timedelta(days=7),
        started_by=world.people["pete"] if is_on else None,
        started_at=now if is_on else None,
    )
    stage = CampaignStage.objects.create(campaign=made, environment=world.dev, mode="consent")
    CampaignItem.objects.create(
        campaign=made,
        stage=stage,
        instance=world.instance,
        from_version=world.instance.current_release.offering_version,
        examined_at=now,
        fit={"fits": True, "said": "", "errors": [], "denied": [], "warned": 0, "cents": [900, 900]},
    )
    return made


def item(world: World, state: str) -> CampaignItem:
    made = campaign(world).items.get()
    CampaignItem.objects.filter(pk=made.pk).update(state=state, asked_at=clock.now())
    return made


def another(world: World, number: int) -> UpgradeCampaign:
    """One more in the list; each of an offering of its own."""
    return campaign(world, offering=OfferingFactory(slug=f"thing-{number}", name=f"Thing {number}"))


def another_item(world: World, number: int) -> CampaignItem:
    """One more instance of the same campaign."""
    first = UpgradeCampaign.objects.filter(offering=world.instance.offering).first() or campaign(world)
    kept = first.items.get(instance=world.instance)
    twin = type(world.instance).objects.get(pk=world.instance.pk)
    twin.pk, twin.name, twin._state.adding = None, f"twin-{number}", True
    twin.save()
    return CampaignItem.objects.create(
        campaign=first, stage=kept.stage, instance=twin, from_version=kept.from_version
    )


def deprecated(world: World) -> OfferingVersion:
    version = world.instance.current_release.offering_version
    OfferingVersion.objects.filter(pk=version.pk).update(status="deprecated", deprecated_at=clock.now())
    return version


def at(what: str = "", state: str = "running") -> Callable[[World], str]:
    return lambda world: f"campaigns/{campaign(world, state).pk}/{what}"


def at_item(what: str, state: str) -> Callable[[World], str]:
    def path(world: World) -> str:
        found = item(world, state)
        return f"campaigns/{found.campaign_id}/items/{found.pk}/{what}/"

    return path


def wish(world: World) -> dict[str, Any]:
    target(world.instance.offering)
    stages = [{"environment": Environment.objects.get(slug="dev").slug, "mode": "automatic"}]
    return {"title": "To 2", "offering": "web-service", "version": "2.0.0", "environments": stages}


def out_offering(world: World) -> str:
    Offering.objects.filter(slug="web-service").update(lifecycle="deprecated", deprecated_at=clock.now())
    return "offerings/web-service/deprecation/"


def out_version(world: World) -> str:
    return f"offerings/web-service/versions/{deprecated(world).version}/deprecation/"
