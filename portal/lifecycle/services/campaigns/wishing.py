"""The wish behind one instance of a campaign: as the team's own upgrade would be, with the values it has."""

from __future__ import annotations

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import NotPermitted, StateConflict
from portal.lifecycle.campaign_states import Mode
from portal.lifecycle.models import CampaignItem, ServiceInstance, UpgradeCampaign
from portal.lifecycle.operations.wish import Wish
from portal.lifecycle.services.naming import Errors, check_still_in, plan_of
from portal.lifecycle.states import ChangeKind
from services_catalog.models import OfferingVersion


class NothingToDo(StateConflict):
    """It runs the wanted version already, or it is gone."""

    code = "nothing_to_upgrade"


def wish_of(item: CampaignItem, campaign: UpgradeCampaign, *, actor: User) -> Wish:
    """What the campaign asks for. Raises NothingToDo, StateConflict, ValidationFailed."""
    instance = _instance(item)
    base, target = instance.current_release, campaign.target
    if instance.retired_at is not None or instance.retirement_announced_at is not None:
        raise NothingToDo(f"{instance} is retired, or about to be.")
    if base is None:
        raise StateConflict(f"{instance} has never run.")
    if base.offering_version.precedence >= target.precedence:
        raise NothingToDo(f"{instance} runs {base.offering_version.version} already.")
    errors = Errors()
    check_still_in(target, errors)
    plan = plan_of(target, base.plan.slug if base.plan else None, errors)
    errors.raise_any()
    others = (campaign.started_by_id, campaign.created_by_id, item.answered_by_id)
    return Wish(
        kind=ChangeKind.UPGRADE,
        actor=actor,
        application=instance.application,
        environment=instance.environment,
        offering=instance.offering,
        name=instance.name,
        version=target,
        plan=plan,
        inputs=dict(base.inputs),
        instance=instance,
        reason=_reason(campaign),
        yields=True,
        also_by=frozenset(pk for pk in others if pk is not None),
    )


def actor_of(item: CampaignItem, campaign: UpgradeCampaign) -> User:
    """On whose word it is opened: the maintainer's who agreed, or of whoever started the campaign. Raises
    NotPermitted when that person may no longer say so."""
    if item.stage.mode == Mode.CONSENT:
        if item.answered_by is None:
            raise NotPermitted("Nobody of the team has agreed.")
        require(item.answered_by, Verb.MANAGE_TEAM, item.team_id)
        return item.answered_by
    if campaign.started_by is None:
        raise NotPermitted("Nobody has started it.")
    require(campaign.started_by, Verb.CURATE)
    return campaign.started_by


def target_of(campaign: UpgradeCampaign) -> OfferingVersion:
    """The version with all that rendering needs."""
    rows = OfferingVersion.objects.select_related("offering").prefetch_related("plans")
    return rows.get(pk=campaign.target_id)


def _instance(item: CampaignItem) -> ServiceInstance:
    return ServiceInstance.objects.select_related(
        "application__team",
        "environment__cluster",
        "offering",
        "current_release__offering_version__offering",
        "current_release__plan",
    ).get(pk=item.instance_id)


def _reason(campaign: UpgradeCampaign) -> str:
    why = f"Campaign #{campaign.pk}, {campaign.title}."
    return f"{why} {campaign.reason}".strip()[:2000]
