"""Opening the change of one instance of a campaign, through the same door as everybody's.

Safe however many workers try, and whenever one is killed: a turn is taken by compare-and-swap under the
campaign's lock, and the change is opened with a key that gives the same change again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from portal.audit.recording import record
from portal.core import clock
from portal.core.digests import digest_of
from portal.core.errors import (
    ChangeUnderWay,
    IdempotencyKeyReused,
    NotPermitted,
    OutOfScope,
    PolicyDenied,
    QuotaExceeded,
    SlipwayError,
    StateConflict,
    ValidationFailed,
)
from portal.lifecycle.campaign_states import UNDER_WAY, CampaignState, ItemState
from portal.lifecycle.models import CampaignItem, ChangeRequest, UpgradeCampaign
from portal.lifecycle.operations.campaigns import fitting, telling
from portal.lifecycle.selectors import campaigns
from portal.lifecycle.services import changes
from portal.lifecycle.services.campaigns import wishing
from portal.lifecycle.services.campaigns.moving import before_opening, move_item
from portal.lifecycle.services.campaigns.wishing import NothingToDo

log = structlog.get_logger(__name__)

# rendering is bounded; whoever takes longer than this is gone
LEASE = timedelta(minutes=5)
# before something that is in the way is looked at again
PAUSE = timedelta(minutes=1)
FINGERPRINT = digest_of("an upgrade campaign")
DOES_NOT_FIT = (ValidationFailed, OutOfScope, QuotaExceeded, PolicyDenied, NotPermitted, IdempotencyKeyReused)


def open_next(campaign_id: int) -> bool:
    """Open what is next, if its turn has come and a place is free. Whether there was anything."""
    item = take(campaign_id, clock.now())
    if item is None:
        return open_lost(campaign_id)
    go_on_with(item.pk)
    return True


def open_lost(campaign_id: int) -> bool:
    """Go on with what a worker has left half done. Whether there was anything."""
    item = take_lost(campaign_id)
    if item is None:
        return False
    go_on_with(item.pk)
    return True


@transaction.atomic
def take(campaign_id: int, now: datetime) -> CampaignItem | None:
    """The next instance, and one of the campaign's places for it."""
    campaign = UpgradeCampaign.objects.select_for_update().get(pk=campaign_id)
    if campaign.state != CampaignState.RUNNING:
        return None
    if campaign.items.filter(state__in=UNDER_WAY).count() >= campaign.at_once:
        return None
    item = campaigns.due_items(campaign, now).select_related("stage").first()
    if item is not None:
        move_item(item, ItemState.OPENING, opening_until=now + LEASE)
    return item


def take_lost(campaign_id: int) -> CampaignItem | None:
    """One whose worker is gone, to be opened once more: the same change, if there is one already."""
    now = clock.now()
    lost = CampaignItem.objects.filter(
        campaign=campaign_id, state=ItemState.OPENING, opening_until__lt=now
    ).select_related("stage")
    for item in lost:
        rows = CampaignItem.objects.filter(
            pk=item.pk, state=ItemState.OPENING, opening_until=item.opening_until
        )
        if rows.update(opening_until=now + LEASE):
            return item
    return None


def go_on_with(item_id: int) -> None:
    """Open the change of one whose turn was taken. Each end of it is one move, which whoever is second loses
    without harm."""
    item = CampaignItem.objects.select_related(
        "stage",
        "answered_by",
        "campaign__started_by",
        "campaign__offering",
        "instance__application__team",
        "instance__environment",
        "instance__offering",
    ).get(pk=item_id)
    campaign = item.campaign
    campaign.target = wishing.target_of(campaign)
    try:
        change = _change_of(item, campaign)
    except NothingToDo as exc:
        _settle(item, ItemState.SKIPPED, exc.message, nothing_to_do=True)
    except ChangeUnderWay:
        _settle(item, before_opening(item), "")
    except DOES_NOT_FIT as exc:
        _block(item, exc)
    except StateConflict as exc:
        _settle(item, before_opening(item), exc.message, not_before=clock.now() + PAUSE)
    else:
        _opened(item, change)


def _change_of(item: CampaignItem, campaign: UpgradeCampaign) -> ChangeRequest:
    """The change, opened now or by whoever was here before. One whose campaign goes on no more is only
    looked for."""
    actor = wishing.actor_of(item, campaign)
    earlier = changes.replay(actor, item.key, FINGERPRINT)
    if earlier is not None:
        return earlier
    if campaign.state in (CampaignState.STOPPED, CampaignState.HALTED, CampaignState.PAUSED):
        raise StateConflict("The campaign does not go on at the moment.")
    wish = wishing.wish_of(item, campaign, actor=actor)
    return changes.open_change(wish, idempotency_key=item.key, fingerprint=FINGERPRINT).change


def _opened(item: CampaignItem, change: ChangeRequest) -> None:
    try:
        with transaction.atomic():
            move_item(item, ItemState.OPENED, change=change)
            record(
                "campaign.opened",
                item,
                actor=None,
                on_behalf_of=change.requested_by,
                after={"change": change.pk},
            )
    except StateConflict:
        log.info("campaign_item_opened_by_another", item=item.pk, change=change.pk)


def _block(item: CampaignItem, error: SlipwayError) -> None:
    fit = fitting.of_error(error)
    said = fit["said"] or error.message
    denied = error.details.get("change") if isinstance(error, PolicyDenied) else None
    values = {"fit": fit, "change_id": denied} if denied else {"fit": fit}
    _settle(item, ItemState.BLOCKED, said, **values)


def _settle(item: CampaignItem, state: ItemState, said: str, **values: object) -> None:
    try:
        with transaction.atomic():
            move_item(item, state, said, **values)
            if state == ItemState.BLOCKED:
                telling.blocked(item)
            if state in (ItemState.BLOCKED, ItemState.SKIPPED):
                record("campaign.ended", item, actor=None, after={"state": str(state)}, comment=said)
    except StateConflict:
        log.info("campaign_item_moved_by_another", item=item.pk)
