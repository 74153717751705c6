"""What the page of one campaign shows."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.lifecycle.campaign_states import ENDED, UNDER_WAY, CampaignState, ItemState
from portal.lifecycle.models import CampaignItem, UpgradeCampaign
from portal.lifecycle.selectors import campaigns
from portal.web import live
from portal.web.access import SignedIn
from portal.web.forms.campaigns import ItemFilter
from portal.web.paging import page_of

FINAL = (CampaignState.STOPPED, CampaignState.FINISHED)
# what is shown first of what there is
ORDER = (
    ItemState.FAILED,
    ItemState.BLOCKED,
    ItemState.DECLINED,
    ItemState.ASKED,
    ItemState.AGREED,
    ItemState.WAITING,
    ItemState.OPENING,
    ItemState.OPENED,
    ItemState.SUCCEEDED,
    ItemState.SKIPPED,
)


def campaign_of(user: User, pk: int) -> UpgradeCampaign:
    rows = UpgradeCampaign.objects.visible_to(user).for_lists()
    return get_object_or_404(rows.prefetch_related("stages__environment"), pk=pk)


def item_of(user: User, campaign: UpgradeCampaign, pk: int) -> CampaignItem:
    item: CampaignItem = get_object_or_404(campaigns.items(campaign, user), pk=pk)
    item.campaign = campaign
    return item


def context(request: SignedIn, campaign: UpgradeCampaign) -> dict[str, Any]:
    found = ItemFilter(request.GET, queryset=campaigns.items(campaign, request.user), request=request)
    counts = campaigns.counts(campaign, request.user)
    examined, total = campaigns.examined(campaign, request.user)
    ended, under_way = sum(counts[state] for state in ENDED), sum(counts[state] for state in UNDER_WAY)
    is_final = campaign.state in FINAL and not under_way
    page = page_of(found.qs, request)
    return {
        "campaign": campaign,
        "filter": found,
        "page": page,
        "counts": [(state, ItemState(state).label, counts[state]) for state in ORDER if counts[state]],
        "total": total,
        "examined": examined,
        "unfit": campaigns.unfit(campaign, request.user) if campaign.state == CampaignState.READY else 0,
        "percent": _percent(examined if campaign.state == CampaignState.PREPARING else ended, total),
        "ended": ended,
        "final": is_final,
        "query": request.GET.urlencode(),
        "may_steer": request.user.access.may(Verb.CURATE),
        "mine": set(request.user.access.team_ids(Verb.MANAGE_TEAM)),
        "etag": _etag(campaign, page, examined),
    }


def item_context(request: SignedIn, item: CampaignItem) -> dict[str, Any]:
    user = request.user
    open_now = item.campaign.state in (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.HALTED)
    asked = item.state in (ItemState.ASKED, ItemState.AGREED)
    return {
        "campaign": item.campaign,
        "item": item,
        "instance": item.instance,
        "may_answer": open_now and asked and user.access.may(Verb.MANAGE_TEAM, item.team_id),
        "may_retry": open_now
        and item.state in (ItemState.DECLINED, ItemState.FAILED, ItemState.BLOCKED, ItemState.SKIPPED)
        and user.access.may(Verb.CURATE),
    }


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _etag(campaign: UpgradeCampaign, page: Any, examined: int) -> str:
    rows = [
        (item.pk, item.state, item.said, item.change_id, item.busy, item.waits_for_stage)
        for item in page.object_list
    ]
    return live.fingerprint(campaign.pk, campaign.state, campaign.said, examined, rows)
