"""Workers that are killed in the middle of opening a change."""

from __future__ import annotations

import pytest

from portal.core import clock
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services.campaigns import opening, steering
from tests.lifecycle.campaigns import scene
from tests.lifecycle.helpers import succeed

pytestmark = pytest.mark.django_db


def test_a_worker_killed_before_it_opened_loses_nothing(organisation, notes, monkeypatch):
    campaign = scene.prepare(organisation, modes={"dev": "automatic"}, teams=["shop"])
    steering.start(campaign, actor=organisation.pete)
    assert opening.take(campaign.pk, clock.now()) is not None  # and then it is gone
    scene.go_on(campaign)
    assert scene.states(campaign)["storefront/dev"] == "opening"
    scene.later(monkeypatch, minutes=6)
    assert scene.states(scene.go_on(campaign))["storefront/dev"] == "opened"


def test_a_worker_killed_after_it_opened_opens_no_second_change(organisation, notes, monkeypatch):
    campaign = scene.prepare(organisation, modes={"dev": "automatic"}, teams=["shop"])
    steering.start(campaign, actor=organisation.pete)
    with monkeypatch.context() as killed:
        killed.setattr(opening, "_opened", lambda item, change: None)
        scene.go_on(campaign)
    only = ChangeRequest.objects.get(kind="upgrade")
    succeed(only)
    scene.later(monkeypatch, minutes=6)
    scene.go_on(campaign)
    item = scene.item_of(campaign, "storefront", "dev")
    assert (item.state, item.change_id) == ("opened", only.pk)
    assert scene.go_on(campaign).state == "finished"
    assert ChangeRequest.objects.filter(kind="upgrade").count() == 1
