"""However many workers advance a campaign at the same time, each change is opened once, and no more are under
way than was said."""

from __future__ import annotations

import pytest

from portal.lifecycle.campaign_states import ItemState
from portal.lifecycle.models import CampaignItem, ChangeRequest, UpgradeCampaign
from portal.lifecycle.selectors import campaigns
from portal.lifecycle.services.campaigns import advancing, opening, steering
from tests.concurrency.racing import Meeting, no_row_locks, race
from tests.lifecycle.campaigns import scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign(transactional_db: None) -> UpgradeCampaign:
    notes = scene.build([("storefront", "dev"), ("ledger", "dev"), ("search", "dev")])
    made = scene.prepare(notes.organisation, modes={"dev": "automatic"}, at_once=2)
    steering.start(made, actor=notes.organisation.pete)
    return made


def opened(campaign: UpgradeCampaign) -> list[int]:
    rows = CampaignItem.objects.filter(campaign=campaign, state=ItemState.OPENED)
    return sorted(pk for pk in rows.values_list("change", flat=True) if pk)


def test_of_four_workers_each_change_is_opened_by_one(campaign: UpgradeCampaign) -> None:
    race(*[lambda: advancing.advance(campaign.pk)] * 4)
    made = sorted(ChangeRequest.objects.filter(kind="upgrade").values_list("pk", flat=True))
    assert len(made) == campaign.at_once
    assert opened(campaign) == made


def test_two_who_open_the_same_one_come_to_the_same_change(campaign: UpgradeCampaign) -> None:
    """As when a worker was taken for lost and is not."""
    item = opening.take(campaign.pk, campaign.created_at)
    assert item is not None
    race(*[lambda: opening.go_on_with(item.pk)] * 2)
    assert opened(campaign) == [ChangeRequest.objects.get(kind="upgrade").pk]


@pytest.mark.postgres
def test_control_without_the_campaigns_lock_more_are_opened_than_was_said(
    campaign: UpgradeCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of three counts none under way, and takes another one."""
    meeting = Meeting(3, patience=10)
    numbers = iter([0, 1, 2])
    find = campaigns.due_items

    def one_each(*arguments: object) -> object:
        found = find(*arguments)  # type: ignore[arg-type]
        item = found[next(numbers)]
        meeting.wait()
        return CampaignItem.objects.filter(pk=item.pk)

    monkeypatch.setattr(campaigns, "due_items", one_each)
    with no_row_locks():
        race(*[lambda: opening.open_next(campaign.pk)] * 3)
    assert meeting.complete
    assert len(opened(campaign)) == 3 > campaign.at_once
