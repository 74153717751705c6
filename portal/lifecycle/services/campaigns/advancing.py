"""One round of a campaign. Level-triggered: it looks at what is so and does what is missing, so that a lost
message, a second worker or a killed one changes nothing."""

from __future__ import annotations

import time

from django.db import transaction

from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import SlipwayError, StateConflict
from portal.lifecycle.campaign_states import TO_DO, UNDER_WAY, CampaignState, ItemState, Mode
from portal.lifecycle.models import CampaignItem, UpgradeCampaign
from portal.lifecycle.operations.campaigns import fitting, telling
from portal.lifecycle.selectors import campaigns
from portal.lifecycle.services.campaigns import opening, wishing
from portal.lifecycle.services.campaigns.following import follow
from portal.lifecycle.services.campaigns.moving import move, move_item

# a round ends after so long, whatever is left for the next
BUDGET_SECONDS = 60.0
LEAST_ENDED = 5  # before a rate says anything


def advance(campaign_id: int) -> None:
    """Do what is due in one campaign."""
    campaign = _campaign(campaign_id)
    end = time.monotonic() + BUDGET_SECONDS
    follow(campaign)
    if campaign.state == CampaignState.PREPARING:
        _examine(campaign, end)
    elif campaign.state == CampaignState.RUNNING:
        _run(campaign, end)
    else:
        _wind_down(campaign)


def _campaign(campaign_id: int) -> UpgradeCampaign:
    return UpgradeCampaign.objects.select_related("offering", "target", "started_by", "created_by").get(
        pk=campaign_id
    )


def _run(campaign: UpgradeCampaign, end: float) -> None:
    _skip_settled(campaign)
    _skip_left_behind(campaign)
    _ask(campaign)
    _skip_unanswered(campaign)
    while not _halt_if_failing(campaign) and time.monotonic() < end:
        if not opening.open_next(campaign.pk):
            break
    _finish_if_done(campaign)


def _wind_down(campaign: UpgradeCampaign) -> None:
    """What was being opened when it was paused or stopped."""
    while opening.open_lost(campaign.pk):
        pass
    if campaign.state == CampaignState.STOPPED:
        skip_rest(campaign)


def _examine(campaign: UpgradeCampaign, end: float) -> None:
    """Work out what the upgrade would do to each instance; the last one makes it ready."""
    target = wishing.target_of(campaign)
    campaign.target = target
    rows = CampaignItem.objects.filter(campaign=campaign, examined_at=None).order_by("pk")
    for item in rows.select_related("stage").iterator(chunk_size=100):
        if time.monotonic() > end:
            return
        try:
            fit = fitting.examine(wishing.wish_of(item, campaign, actor=campaign.created_by))
        except SlipwayError as error:
            fit = fitting.of_error(error)
        CampaignItem.objects.filter(pk=item.pk, examined_at=None).update(fit=fit, examined_at=clock.now())
    if not rows.exists():
        preparing = UpgradeCampaign.objects.filter(pk=campaign.pk, state=CampaignState.PREPARING)
        preparing.update(state=CampaignState.READY)


def _skip(item: CampaignItem, said: str, *, nothing_to_do: bool = False) -> None:
    try:
        with transaction.atomic():
            move_item(item, ItemState.SKIPPED, said, nothing_to_do=nothing_to_do)
            record("campaign.ended", item, actor=None, after={"state": "skipped"}, comment=said)
    except StateConflict:
        return  # it went another way in this very moment


def _skip_settled(campaign: UpgradeCampaign) -> None:
    older = campaigns.older_versions(campaign.target)
    for item in campaigns.settled(campaign, older).select_related("instance__application"):
        gone = item.instance.retired_at is not None or item.instance.retirement_announced_at is not None
        said = "It is retired, or about to be." if gone else "It runs that version, or a newer one, already."
        _skip(item, said, nothing_to_do=True)


def _skip_left_behind(campaign: UpgradeCampaign) -> None:
    for item in campaigns.left_behind(campaign).select_related("instance__application"):
        _skip(item, f"An earlier stage of {item.instance.application} did not get there.")


def _skip_unanswered(campaign: UpgradeCampaign) -> None:
    if campaign.answer_by is None or campaign.answer_by > clock.now():
        return
    for item in campaign.items.filter(state=ItemState.ASKED).select_related("instance__application"):
        _skip(item, "Nobody of the team has answered in time.")


def _ask(campaign: UpgradeCampaign) -> None:
    """Teams are asked early, also about stages whose turn is later, so that they can plan."""
    rows = campaign.items.filter(state=ItemState.WAITING, stage__mode=Mode.CONSENT)
    waiting = list(rows.select_related("instance__application__team", "instance__environment"))
    if not waiting:
        return
    asked = []
    with transaction.atomic():
        for item in waiting:
            try:
                move_item(item, ItemState.ASKED, asked_at=clock.now())
            except StateConflict:
                continue
            record("campaign.asked", item, actor=None)
            asked.append(item)
        telling.asked(campaign, asked)


def _halt_if_failing(campaign: UpgradeCampaign) -> bool:
    """Whether it goes on no more: too much has failed, or somebody has stopped it meanwhile."""
    states = campaigns.counts(campaign)
    failed = states[ItemState.FAILED]
    fresh, ended = failed - campaign.failures_accepted, failed + states[ItemState.SUCCEEDED]
    percent = campaign.max_failure_percent
    too_many = fresh >= campaign.max_failures
    too_often = percent is not None and ended >= LEAST_ENDED and failed * 100 >= percent * ended
    if fresh < 1 or not (too_many or too_often):
        return False
    last = campaign.items.filter(state=ItemState.FAILED).order_by("-ended_at").first()
    said = f"{failed} of {ended} that ended have failed. {last.said if last else ''}"[:300]
    try:
        with transaction.atomic():
            move(campaign, CampaignState.HALTED, said=said)
            record("campaign.halted", campaign, actor=None, comment=said)
            telling.halted(campaign)
    except StateConflict:
        campaign.refresh_from_db(fields=["state"])
    return True


def _finish_if_done(campaign: UpgradeCampaign) -> None:
    left = campaign.items.filter(state__in=(*TO_DO, *UNDER_WAY))
    if campaign.state != CampaignState.RUNNING or left.exists():
        return
    states = campaigns.counts(campaign)
    parts = [f"{states[state]} {state.label.lower()}" for state in ItemState if states[state]]
    said = f"{', '.join(parts)}."[:300]
    try:
        with transaction.atomic():
            move(campaign, CampaignState.FINISHED, said=said, finished_at=clock.now())
            record("campaign.finished", campaign, actor=None, after=dict(states))
            telling.finished(campaign)
    except StateConflict:
        return  # somebody else was first


def skip_rest(campaign: UpgradeCampaign) -> None:
    """Nothing more is opened or asked of a campaign that was stopped."""
    said = "The campaign was stopped before its turn."
    if campaign.started_at is None:  # nobody but those who prepared it has heard of it
        campaign.items.filter(state__in=TO_DO).update(state=ItemState.SKIPPED, said=said)
    for item in campaign.items.filter(state__in=TO_DO).select_related("instance__application"):
        _skip(item, said)
