"""What the page of one instance shows. Only the open tab is read; the cluster is asked apart from it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.selectors import drift_standing, instances
from portal.web import live
from portal.web.access import SignedIn
from portal.web.drift import tab as drift_tab
from portal.web.exceptions import excepting
from portal.web.policy import standing as policy_standing
from services_catalog import selectors

TABS = ("overview", "policy", "drift", "releases", "timeline")


def rows(user: User) -> QuerySet[ServiceInstance]:
    """Instances that `user` may see, with what their page shows."""
    return ServiceInstance.objects.visible_to(user).select_related(
        "application__team",
        "environment__cluster",
        "offering",
        "created_by",
        "retirement_announced_by",
        "current_release__offering_version__offering",
        "current_release__plan",
        "current_release__created_by",
    )


def context(request: SignedIn, instance: ServiceInstance) -> dict[str, Any]:
    tab = request.GET.get("tab", "overview")
    tab = tab if tab in TABS else "overview"
    active = instances.active_change(instance)
    release = instance.current_release
    standing = policy_standing.of_instance(instance)
    drift = drift_standing.of(instance)
    counts = {"policy": standing.open, "drift": len(drift.minded)}
    may_ask = request.user.access.may(Verb.REQUEST, instance.team_id) and instance.retired_at is None
    return {
        "instance": instance,
        "tab": tab,
        "tabs": [(name, name.title(), counts.get(name, 0)) for name in TABS],
        "standing": standing,
        "drift": drift_tab.of(drift, request.user, active),
        "active": active,
        "may_ask": may_ask,
        "next_stages": stages_ahead(instance),
        "newer": selectors.upgrades_of(release.offering_version) if release else [],
        "etag": live.fingerprint(
            tab,
            instance.health,
            instance.health_message,
            instance.health_since,
            instance.current_release_id,
            instance.retirement_announced_at,
            instance.retired_at,
            active and (active.pk, active.state, active.phase),
            standing.facts,
            drift.facts,
        ),
        **_tab(tab, instance, request.user),
    }


def stages_ahead(instance: ServiceInstance) -> list[Environment]:
    """Stages that take releases from here and do not run this one yet."""
    if instance.current_release_id is None:
        return []
    siblings = instances.siblings(instance)
    done = {each.environment_id for each in siblings if _runs(each, instance.current_release_id)}
    return list(Environment.objects.filter(promotes_from=instance.environment_id).exclude(pk__in=done))


def _runs(sibling: ServiceInstance, release: int) -> bool:
    return sibling.current_release is not None and sibling.current_release.promoted_from_id == release


def _going_back(instance: ServiceInstance) -> dict[int, int]:
    """How many approvals a rollback to each release takes that has run here; 0 has those of all others."""
    gate = instance.environment.gate
    proven = gate.wanted(proven=True)
    return {0: gate.wanted(), **dict.fromkeys(instances.proven_releases(instance), proven)}


def _tab(tab: str, instance: ServiceInstance, user: User) -> dict[str, Any]:
    if tab == "policy":
        return {
            "violations": policy_standing.violations(instance),
            "ask_exception": excepting.offered(user, instance),
        }
    if tab == "drift":
        return {}
    if tab == "releases":
        return {"releases": instances.releases(instance), "back": _going_back(instance)}
    if tab == "timeline":
        return {"timeline": instances.timeline(instance)}
    return {"exposed": instances.connection(instance), "siblings": instances.siblings(instance)}
