"""Preparing a campaign: which instances, in which environments and how, and whether each would fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict
from portal.environments.models import Environment
from portal.lifecycle.campaign_states import OPEN_STATES, Mode
from portal.lifecycle.models import CampaignItem, CampaignStage, ServiceInstance, UpgradeCampaign
from portal.lifecycle.models.campaign import MOST_AT_ONCE
from portal.lifecycle.selectors import campaigns
from portal.lifecycle.services.naming import Errors, by_slug
from services_catalog.models import Offering, OfferingVersion


class CampaignUnderWay(StateConflict):
    """One at a time for each offering, so that no instance is pulled two ways."""

    code = "campaign_under_way"


def prepare(actor: User, data: Mapping[str, Any]) -> UpgradeCampaign:
    """Write down a campaign, and let it be worked out what it would do to each instance.

    `data`: title, reason; offering, version; environments [{environment, mode}]; teams (slugs) and
    from_versions to narrow it; at_once, max_failures, max_failure_percent; answer_by, where any environment
    wants consent. Raises NotPermitted, ValidationFailed with all errors, CampaignUnderWay.
    """
    require(actor, Verb.CURATE)
    errors = Errors()
    offering = by_slug(Offering.objects.visible(), data, "offering", errors)
    target = _target(offering, data, errors)
    stages = _stages(data, errors)
    teams = _teams(data, errors)
    campaign = UpgradeCampaign(
        title=_title(data, errors),
        reason=str(data.get("reason") or "").strip()[:2000],
        scope={
            "teams": [team.slug for team in teams],
            "from_versions": list(data.get("from_versions") or ()),
        },
        at_once=_number(data, "at_once", 5, MOST_AT_ONCE, errors),
        max_failures=_number(data, "max_failures", 1, 1000, errors),
        max_failure_percent=_percent(data, errors),
        answer_by=_answer_by(data, stages, errors),
        created_by=actor,
        created_at=clock.now(),
    )
    if offering is None or target is None:
        errors.raise_any()
        raise AssertionError  # what is missing has been said
    campaign.offering, campaign.target = offering, target
    found = _instances(offering, target, stages, teams, campaign.scope["from_versions"], errors)
    errors.raise_any()
    return _write(campaign, stages, found)


def _write(
    campaign: UpgradeCampaign, modes: Mapping[Environment, str], found: QuerySet[ServiceInstance]
) -> UpgradeCampaign:
    standing = UpgradeCampaign.objects.filter(offering=campaign.offering, state__in=OPEN_STATES).first()
    if standing is not None:
        raise _under_way(standing)
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
            stages = {
                environment.pk: CampaignStage.objects.create(
                    campaign=campaign, environment=environment, mode=mode
                )
                for environment, mode in modes.items()
            }
            rows = found.order_by("environment__order", "pk").values_list(
                "pk", "environment", "current_release__offering_version"
            )
            items = [
                CampaignItem(
                    campaign=campaign, stage=stages[environment], instance_id=pk, from_version_id=version
                )
                for pk, environment, version in rows
            ]
            CampaignItem.objects.bulk_create(items, batch_size=500)
            record(
                "campaign.prepared",
                campaign,
                actor=campaign.created_by,
                after=facts(campaign, modes, len(items)),
                comment=campaign.reason,
            )
    except IntegrityError as exc:
        raise _under_way(None) from exc
    return campaign


def facts(campaign: UpgradeCampaign, modes: Mapping[Environment, str], count: int) -> dict[str, Any]:
    """What the audit trail says of it."""
    return {
        "offering": campaign.offering.slug,
        "version": campaign.target.version,
        "environments": {environment.slug: mode for environment, mode in modes.items()},
        **campaign.scope,
        "instances": count,
        "at_once": campaign.at_once,
        "max_failures": campaign.max_failures,
        "max_failure_percent": campaign.max_failure_percent,
        "answer_by": campaign.answer_by.isoformat() if campaign.answer_by else None,
    }


def _under_way(standing: UpgradeCampaign | None) -> CampaignUnderWay:
    which = f"Campaign #{standing.pk}" if standing else "Another campaign"
    said = f"{which} of this offering is not finished. Let it finish, or stop it, before the next one."
    return CampaignUnderWay(said, campaign=standing.pk if standing else None)


def _title(data: Mapping[str, Any], errors: Errors) -> str:
    title = str(data.get("title") or "").strip()
    if not title:
        errors.add("/title", "Give it a title, such as the reason in five words.", "required")
    return title[:120]


def _target(offering: Offering | None, data: Mapping[str, Any], errors: Errors) -> OfferingVersion | None:
    if offering is None:
        return None
    rows = OfferingVersion.objects.requestable().filter(offering=offering).select_related("offering")
    found = rows.filter(version=str(data.get("version") or "")).first()
    if found is None or found.is_out:
        known = ", ".join(sorted(rows.values_list("version", flat=True))) or "none"
        errors.add("/version", f"Choose a version that may be requested: {known}.", "unknown")
        return None
    return found


def _stages(data: Mapping[str, Any], errors: Errors) -> dict[Environment, str]:
    known = {each.slug: each for each in Environment.objects.order_by("order")}
    found: dict[Environment, str] = {}
    given: Sequence[Any] = data.get("environments") or ()
    for index, each in enumerate(given):
        slug = str(each.get("environment") or "") if isinstance(each, Mapping) else ""
        mode = each.get("mode") if isinstance(each, Mapping) else None
        if slug not in known:
            errors.add(
                f"/environments/{index}/environment", f"There is no environment {slug[:60]!r}.", "unknown"
            )
        elif mode not in Mode.values:
            errors.add(f"/environments/{index}/mode", f"Must be one of {', '.join(Mode.values)}.", "unknown")
        else:
            found[known[slug]] = mode
    if not given:
        errors.add("/environments", "Choose at least one environment.", "required")
    return found


def _teams(data: Mapping[str, Any], errors: Errors) -> list[Team]:
    slugs = [str(each) for each in data.get("teams") or ()]
    found = {team.slug: team for team in Team.objects.filter(slug__in=slugs)}
    for index, slug in enumerate(slugs):
        if slug not in found:
            errors.add(f"/teams/{index}", f"There is no team {slug[:60]!r}.", "unknown")
    return list(found.values())


def _number(data: Mapping[str, Any], name: str, usual: int, most: int, errors: Errors) -> int:
    value = data.get(name, usual)
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        errors.add(f"/{name}", f"Give a whole number from 1 to {most}.")
        return usual
    return value


def _percent(data: Mapping[str, Any], errors: Errors) -> int | None:
    if data.get("max_failure_percent") is None:
        return None
    return _number(data, "max_failure_percent", 100, 100, errors)


def _answer_by(data: Mapping[str, Any], stages: Mapping[Environment, str], errors: Errors) -> datetime | None:
    moment = data.get("answer_by")
    if moment is None:
        if Mode.CONSENT in stages.values():
            errors.add("/answer_by", "Say until when teams may answer.", "required")
        return None
    if not isinstance(moment, datetime) or moment.tzinfo is None or moment <= clock.now():
        errors.add("/answer_by", "Give a moment in the future, with its time zone.")
        return None
    return moment


def _instances(
    offering: Offering,
    target: OfferingVersion,
    stages: Mapping[Environment, str],
    teams: Sequence[Team],
    from_versions: Sequence[Any],
    errors: Errors,
) -> QuerySet[ServiceInstance]:
    rows = campaigns.affected(offering, campaigns.older_versions(target)).filter(environment__in=list(stages))
    if teams:
        rows = rows.filter(application__team__in=teams)
    if from_versions:
        wanted = [str(each) for each in from_versions]
        rows = rows.filter(current_release__offering_version__version__in=wanted)
    if not errors.found and not rows.exists():
        said = (
            f"Nothing there runs an older version than {target.version}. Choose other environments or teams."
        )
        errors.add("/environments", said, "nothing_to_upgrade")
    return rows
