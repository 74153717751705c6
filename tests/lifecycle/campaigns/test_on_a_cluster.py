"""A campaign from its preparation to its end, on a real cluster with a real helm."""

from __future__ import annotations

from typing import Any

import pytest

from portal.clusters.kubernetes import Kubernetes
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ChangeRequest, ServiceInstance, UpgradeCampaign
from portal.lifecycle.services.campaigns import answering, steering
from tests.fixtures.organisation import Organisation
from tests.fixtures.worker import work_off
from tests.lifecycle.campaigns import scene
from tests.lifecycle.gate import rules

pytestmark = pytest.mark.django_db


def config(organisation: Organisation, namespace: str) -> dict[str, Any]:
    """What the cluster holds."""
    cluster = Kubernetes(organisation.cluster.connection)
    found = cluster.get(ObjectKey("v1", "ConfigMap", namespace, "note"))
    assert found is not None
    return dict(found["data"])


def work_on(campaign: UpgradeCampaign) -> None:
    """Every change under way to its end, and a round of the campaign."""
    for change in scene.under_way(campaign):
        work_off(change)
    scene.go_on(campaign)


def test_six_instances_through_success_consent_decline_failure_and_pause(provisioned: Organisation) -> None:
    scene.versions()
    scene.make_maintainer("pia")
    rules(provisioned, "staging", approvals_required=0)
    for application, environment in (
        *(("storefront", "dev"), ("ledger", "dev"), ("search", "dev")),
        *(("storefront", "staging"), ("ledger", "staging")),
    ):
        scene.install(provisioned, application, environment, work_off)
    broken = scene.install(provisioned, "search", "staging", work_off, text="breaks")
    modes = {"dev": "automatic", "staging": "consent"}
    campaign = scene.started(provisioned, modes=modes, max_failures=1)
    for application, person in (("storefront", provisioned.mona), ("search", provisioned.mona)):
        item = scene.item_of(campaign, application, "staging")
        answering.answer(item, actor=person, data={"answer": "agree"})
    no = {"answer": "decline", "comment": "Books are closed this week."}
    answering.answer(scene.item_of(campaign, "ledger", "staging"), actor=provisioned.pia, data=no)
    steering.pause(campaign, actor=provisioned.pete)
    work_on(campaign)
    assert scene.under_way(campaign) == []
    assert {config(provisioned, f"{name}-dev")["version"] for name in ("storefront", "ledger", "search")} == {
        "2.0.0"
    }
    steering.resume(campaign, actor=provisioned.pete)
    scene.go_on(campaign)
    assert len(scene.under_way(campaign)) == 2
    work_on(campaign)

    assert campaign.state == "halted"
    assert scene.states(campaign) == {
        "storefront/dev": "succeeded",
        "ledger/dev": "succeeded",
        "search/dev": "succeeded",
        "storefront/staging": "succeeded",
        "ledger/staging": "declined",
        "search/staging": "failed",
    }
    failed = scene.item_of(campaign, "search", "staging")
    assert failed.change is not None
    assert "note_is_no_name" in failed.said, "the cluster's own words"
    assert failed.said.endswith("Rolled back to release #1.")
    assert config(provisioned, "search-staging") == {"version": "1.0.0", "text": "breaks"}, "rolled back"
    kept = ServiceInstance.objects.get(pk=broken.pk).current_release
    assert kept is not None
    assert kept.offering_version.version == "1.0.0"
    assert config(provisioned, "ledger-staging")["version"] == "1.0.0"
    assert ChangeRequest.objects.filter(kind="upgrade").count() == 5
