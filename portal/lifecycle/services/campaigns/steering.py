"""Starting, pausing, resuming and stopping a campaign, and trying again what came to nothing."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict
from portal.lifecycle.campaign_states import CampaignState, ItemState, Mode
from portal.lifecycle.models import CampaignItem, UpgradeCampaign
from portal.lifecycle.selectors import campaigns
from portal.lifecycle.services.campaigns.advancing import skip_rest
from portal.lifecycle.services.campaigns.moving import move, move_item


def start(campaign: UpgradeCampaign, *, actor: User) -> None:
    """Let it go on by itself from now on. Raises NotPermitted, StateConflict."""
    require(actor, Verb.CURATE)
    if not campaign.target.may_be_requested or campaign.target.is_out:
        raise StateConflict(f"{campaign.target} is not on offer any more. Prepare another campaign.")
    wants_consent = campaign.stages.filter(mode=Mode.CONSENT).exists()
    if wants_consent and (campaign.answer_by is None or campaign.answer_by <= clock.now()):
        raise StateConflict("The moment until which teams may answer has passed. Prepare another campaign.")
    with transaction.atomic():
        move(campaign, CampaignState.RUNNING, started_by=actor, started_at=clock.now())
        record("campaign.started", campaign, actor=actor, after={"instances": campaign.items.count()})


def pause(campaign: UpgradeCampaign, *, actor: User, comment: str = "") -> None:
    """Open and ask nothing more until it is resumed; what is under way goes on. Raises as `start`."""
    require(actor, Verb.CURATE)
    with transaction.atomic():
        move(campaign, CampaignState.PAUSED, said=_by(actor, "Paused", comment))
        record("campaign.paused", campaign, actor=actor, comment=comment)


def resume(campaign: UpgradeCampaign, *, actor: User, comment: str = "") -> None:
    """Go on. Failures so far are accepted: it stops itself when as many more have failed. Raises as
    `start`."""
    require(actor, Verb.CURATE)
    if campaign.state not in (CampaignState.PAUSED, CampaignState.HALTED):
        raise StateConflict("Only what is paused, or has stopped itself, can be resumed.")
    with transaction.atomic():
        failed = campaigns.counts(campaign)[ItemState.FAILED]
        values = {"said": "", "failures_accepted": failed, "started_by": actor}
        move(campaign, CampaignState.RUNNING, **values)
        record("campaign.resumed", campaign, actor=actor, after={"failed": failed}, comment=comment)


def stop(campaign: UpgradeCampaign, *, actor: User, comment: str = "") -> None:
    """End it for good; changes under way go on by themselves. Raises as `start`."""
    require(actor, Verb.CURATE)
    with transaction.atomic():
        values = {"said": _by(actor, "Stopped", comment), "finished_at": clock.now()}
        move(campaign, CampaignState.STOPPED, **values)
        record("campaign.stopped", campaign, actor=actor, comment=comment)
    skip_rest(campaign)


def retry(item: CampaignItem, *, actor: User) -> None:
    """Try again what failed, was declined, did not fit or was skipped; where consent is wanted, the team is
    asked anew. Raises NotPermitted, StateConflict."""
    require(actor, Verb.CURATE)
    state = item.campaign.state
    if state not in (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.HALTED):
        raise StateConflict("The campaign has ended. Upgrade the instance by itself, or prepare another one.")
    anew: dict[str, Any] = {
        "attempt": item.attempt + 1,
        "change": None,
        "answered_by": None,
        "answered_at": None,
        "not_before": None,
        "nothing_to_do": False,
    }
    with transaction.atomic():
        move_item(item, ItemState.WAITING, **anew)
        record("campaign.retried", item, actor=actor)


def _by(actor: User, what: str, comment: str) -> str:
    return f"{what} by {actor}. {comment}".strip()[:300]
