"""What became of the changes that a campaign has opened."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from portal.audit.recording import record
from portal.core.errors import StateConflict
from portal.lifecycle.campaign_states import ItemState
from portal.lifecycle.models import CampaignItem, ChangeRequest, UpgradeCampaign
from portal.lifecycle.operations.campaigns import telling
from portal.lifecycle.services.campaigns.moving import before_opening, move_item
from portal.lifecycle.states import ACTIVE_STATES, ChangeState

# people said no to it, or let it be: that is no failure of the upgrade
SAID_NO = (ChangeState.REJECTED, ChangeState.CANCELLED, ChangeState.EXPIRED)


def follow(campaign: UpgradeCampaign) -> int:
    """Take note of changes that have ended. Returns how many."""
    rows = CampaignItem.objects.filter(campaign=campaign, state=ItemState.OPENED)
    ended = rows.exclude(change__state__in=ACTIVE_STATES).select_related(
        "stage",
        "change",
        "campaign__offering",
        "campaign__started_by",
        "campaign__created_by",
        "instance__application__team",
        "instance__environment",
        "instance__offering",
    )
    return sum(_end(item, item.change) for item in ended if item.change is not None)


def _end(item: CampaignItem, change: ChangeRequest) -> bool:
    state, said = _outcome(item, change)
    # another change will be opened in its place
    again: dict[str, Any] = {"attempt": item.attempt + 1, "change": None}
    retried = state in (ItemState.WAITING, ItemState.AGREED)
    try:
        with transaction.atomic():
            move_item(item, state, said, **(again if retried else {}))
            if retried:
                return True
            after = {"state": str(state), "change": change.pk}
            record("campaign.ended", item, actor=None, after=after, comment=said)
            if state == ItemState.DECLINED:
                telling.declined(item)
    except StateConflict:
        return False  # another worker was quicker
    return True


def _outcome(item: CampaignItem, change: ChangeRequest) -> tuple[ItemState, str]:
    if change.state == ChangeState.SUCCEEDED:
        return ItemState.SUCCEEDED, ""
    if change.state == ChangeState.SUPERSEDED:
        return before_opening(item), f"A newer request took the place of change #{change.pk}."
    if change.state in SAID_NO:
        return ItemState.DECLINED, f"Change #{change.pk} was {change.state}: {change.outcome}"
    return ItemState.FAILED, f"Change #{change.pk} failed: {change.outcome}"
