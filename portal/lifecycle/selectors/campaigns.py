"""Reading upgrade campaigns: what is due, what waits for what, how far they are."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.core import clock
from portal.lifecycle.campaign_states import LOST, TO_DO, UNDER_WAY, CampaignState, ItemState, Mode
from portal.lifecycle.models import CampaignItem, ChangeRequest, ServiceInstance, UpgradeCampaign
from portal.lifecycle.states import ACTIVE_STATES
from services_catalog.models import Offering, OfferingVersion
from services_catalog.selectors import HEAVY

ON = (CampaignState.PREPARING, CampaignState.RUNNING)


def due_ids() -> list[int]:
    """Campaigns in which something may be to do, oldest first."""
    items = CampaignItem.objects.filter(campaign=OuterRef("pk"))
    going_on = Exists(items.filter(state__in=UNDER_WAY))
    left_over = Q(Exists(items.filter(state__in=TO_DO)), state=CampaignState.STOPPED)
    rows = UpgradeCampaign.objects.filter(Q(state__in=ON) | going_on | left_over)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def older_versions(target: OfferingVersion) -> list[int]:
    """Ids of the versions of the same offering from which `target` is an upgrade."""
    rows = OfferingVersion.objects.filter(offering=target.offering_id).only("pk", "version")
    return [each.pk for each in rows if each.precedence < target.precedence]


def affected(offering: Offering, older: list[int]) -> QuerySet[ServiceInstance]:
    """What runs one of these versions and is not on its way out."""
    return ServiceInstance.objects.alive().filter(
        offering=offering,
        current_release__offering_version__in=older,
        retirement_announced_at=None,
    )


def items(campaign: UpgradeCampaign, user: User) -> QuerySet[CampaignItem]:
    """What `user` may see of it, with what a row shows, and what it waits for."""
    return (
        CampaignItem.objects.visible_to(user)
        .filter(campaign=campaign)
        .for_lists()
        .annotate(waits_for_stage=Exists(_earlier_open()), busy=Exists(_active_change()))
        .order_by("stage__environment__order", "instance__application__slug", "instance__name", "pk")
    )


def due_items(campaign: UpgradeCampaign, now: datetime) -> QuerySet[CampaignItem]:
    """Whose turn it is, dev before staging before production: agreed to where that is asked for, everything
    of the application's earlier stages done, nothing else under way."""
    automatic = Q(state=ItemState.WAITING, stage__mode=Mode.AUTOMATIC)
    due = Q(not_before=None) | Q(not_before__lte=now)
    rows = CampaignItem.objects.filter(automatic | Q(state=ItemState.AGREED), due, campaign=campaign)
    return rows.filter(~Exists(_earlier_open()), ~Exists(_active_change())).order_by(
        "stage__environment__order", "pk"
    )


def left_behind(campaign: UpgradeCampaign) -> QuerySet[CampaignItem]:
    """What waits for an earlier stage of its application that did not get there."""
    lost = _earlier_open().filter(state__in=LOST)
    return CampaignItem.objects.filter(Exists(lost), campaign=campaign, state__in=TO_DO)


def settled(campaign: UpgradeCampaign, older: list[int]) -> QuerySet[CampaignItem]:
    """What needs no upgrade any more: gone, going, or there already by another way."""
    rows = CampaignItem.objects.filter(campaign=campaign, state__in=TO_DO)
    there = ~Q(instance__current_release__offering_version__in=older)
    going = Q(instance__retired_at__isnull=False) | Q(instance__retirement_announced_at__isnull=False)
    return rows.filter(there | going)


def counts(campaign: UpgradeCampaign, user: User | None = None) -> Counter[str]:
    """How many of its instances are in each state; all of them, or those that `user` may see."""
    rows = CampaignItem.objects.filter(campaign=campaign)
    if user is not None:
        rows = rows.visible_to(user)
    return Counter(dict(rows.order_by().values_list("state").annotate(n=Count("pk"))))


def to_answer(user: User) -> QuerySet[CampaignItem]:
    """Questions that wait for this person's answer."""
    teams = user.access.team_ids(Verb.MANAGE_TEAM)
    return (
        CampaignItem.objects.for_lists()
        .select_related("campaign__target")
        .defer(*(f"campaign__target__{field}" for field in HEAVY))
        .filter(state=ItemState.ASKED, campaign__state=CampaignState.RUNNING)
        .filter(instance__application__team__in=teams)
        .filter(Q(campaign__answer_by=None) | Q(campaign__answer_by__gt=clock.now()))
        .order_by("campaign__answer_by", "pk")
    )


def _earlier_open() -> QuerySet[CampaignItem]:
    """For a subquery: of the same application, in an earlier stage, and not done."""
    return CampaignItem.objects.filter(
        campaign=OuterRef("campaign"),
        instance__application=OuterRef("instance__application"),
        stage__environment__order__lt=OuterRef("stage__environment__order"),
        nothing_to_do=False,
    ).exclude(state=ItemState.SUCCEEDED)


def _active_change() -> QuerySet[ChangeRequest]:
    """For a subquery: another change of the same instance is under way."""
    return ChangeRequest.objects.filter(instance=OuterRef("instance"), state__in=ACTIVE_STATES)


def examined(campaign: UpgradeCampaign, user: User) -> tuple[int, int]:
    """How many of its instances that `user` may see were looked at, and how many there are."""
    rows = CampaignItem.objects.filter(campaign=campaign).visible_to(user).order_by()
    found = rows.aggregate(done=Count("examined_at"), total=Count("pk"))
    return int(found["done"]), int(found["total"])


def unfit(campaign: UpgradeCampaign, user: User) -> int:
    """Of how many that `user` may see it was found that the upgrade would not work out."""
    return CampaignItem.objects.filter(campaign=campaign, fit__fits=False).visible_to(user).count()
