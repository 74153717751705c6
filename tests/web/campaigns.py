"""A campaign that asks a team, written down."""

from __future__ import annotations

from datetime import timedelta

from portal.accounts.models import User
from portal.core import clock
from portal.lifecycle.models import CampaignItem, CampaignStage, ServiceInstance, UpgradeCampaign
from services_catalog.models import OfferingVersion


def asked(instance: ServiceInstance) -> CampaignItem:
    """About this instance, whose team has not answered."""
    now, pete = clock.now(), User.objects.get(username="pete")
    release = instance.current_release
    assert release is not None
    newest = max(OfferingVersion.objects.filter(offering=instance.offering), key=lambda each: each.precedence)
    campaign = UpgradeCampaign.objects.create(
        title="All to the newest",
        offering=instance.offering,
        target=newest,
        state="running",
        answer_by=now + timedelta(days=7),
        created_by=pete,
        created_at=now,
        started_by=pete,
        started_at=now,
    )
    stage = CampaignStage.objects.create(campaign=campaign, environment=instance.environment, mode="consent")
    return CampaignItem.objects.create(
        campaign=campaign,
        stage=stage,
        instance=instance,
        from_version=release.offering_version,
        state="asked",
        asked_at=now,
        examined_at=now,
        fit={
            "fits": False,
            "errors": [{"path": "/values/a", "message": "Gone."}],
            "denied": [],
            "said": "/values/a: Gone.",
        },
    )
