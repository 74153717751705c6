"""What a team answers when a campaign asks it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict, ValidationFailed
from portal.lifecycle.campaign_states import CampaignState, ItemState
from portal.lifecycle.models import CampaignItem
from portal.lifecycle.operations.campaigns import telling
from portal.lifecycle.services.campaigns.moving import move_item

AGREE, DECLINE = "agree", "decline"
ANSWERS = (AGREE, DECLINE)
OPEN = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.HALTED)


def answer(item: CampaignItem, *, actor: User, data: Mapping[str, Any]) -> None:
    """A maintainer agrees, now or from a moment on, or declines with a reason.

    `data`: answer ("agree" or "decline"); not_before (a moment until which it is left alone, before the
    campaign's deadline); comment, which declining needs. What was agreed to may still be declined while
    nothing is open. Raises NotPermitted, ValidationFailed, StateConflict (nobody asks, or too late).
    """
    require(actor, Verb.MANAGE_TEAM, item.team_id)
    campaign = item.campaign
    if campaign.state not in OPEN:
        raise StateConflict("The campaign has ended, so there is nothing to answer.")
    if campaign.answer_by is not None and campaign.answer_by <= clock.now():
        raise StateConflict("The time for answers is over. Upgrade the instance by itself.")
    said = str(data.get("answer") or "")
    comment = str(data.get("comment") or "").strip()
    if said not in ANSWERS:
        raise ValidationFailed.at("/answer", "Say agree or decline.", "unknown")
    values: dict[str, Any] = {"answered_by": actor, "answered_at": clock.now()}
    if said == DECLINE:
        if not comment:
            raise ValidationFailed.at("/comment", "Say why, so that it can be settled.", "required")
        _write(item, ItemState.DECLINED, f"{actor}: {comment}", values, comment)
        return
    moment = _not_before(data.get("not_before"), campaign.answer_by)
    _write(item, ItemState.AGREED, comment, {**values, "not_before": moment}, comment)


def _write(item: CampaignItem, state: ItemState, said: str, values: Mapping[str, Any], comment: str) -> None:
    with transaction.atomic():
        move_item(item, state, said, **values)
        moment = values.get("not_before")
        after = {"answer": str(state), "not_before": moment.isoformat() if moment else None}
        record("campaign.answered", item, actor=values["answered_by"], after=after, comment=comment)
        if state == ItemState.DECLINED:
            telling.declined(item)


def _not_before(moment: Any, until: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValidationFailed.at("/not_before", "Give a moment, with its time zone.")
    if moment <= clock.now():
        raise ValidationFailed.at("/not_before", "Choose a moment in the future, or none for now.")
    if until is not None and moment > until:
        raise ValidationFailed.at("/not_before", f"Choose a moment before {until:%d %b %Y, %H:%M} UTC.")
    return moment
