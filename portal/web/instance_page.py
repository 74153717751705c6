"""What the page of one instance shows. Only the open tab is read; the cluster is asked apart from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.models.change import BULKY
from portal.lifecycle.operations import shares
from portal.lifecycle.selectors import connections, costs, drift_standing, instances, timelines
from portal.web import commands, live
from portal.web.access import SignedIn
from portal.web.drift import tab as drift_tab
from portal.web.exceptions import excepting
from portal.web.policy import standing as policy_standing
from services_catalog import selectors

TABS = {
    "overview": "Overview",
    "objects": "Objects",
    "pods": "Pods & logs",
    "events": "Events",
    "releases": "Releases",
    "drift": "Drift",
    "policy": "Policy",
    "timeline": "Timeline",
}
# what these tabs show is asked of the cluster when they are open, by an address of its own
LAZY = ("objects", "pods", "events")
HEAVY = ("values_schema", "default_values", "readme", "notes")
SHOWN = ("objects_masked", "masked_values")


def rows(user: User, *, whole: bool = False) -> QuerySet[ServiceInstance]:
    """Instances that `user` may see, with what their page shows. `whole`: with the sealed objects too."""
    left_out = [field for field in BULKY if not (whole and field in SHOWN)]
    return (
        ServiceInstance.objects.visible_to(user)
        .select_related(
            "application__team",
            "environment__cluster",
            "offering",
            "created_by",
            "retirement_announced_by",
            "current_release__offering_version__offering",
            "current_release__plan",
            "current_release__created_by",
        )
        .defer(
            *(f"current_release__{field}" for field in left_out),
            *(f"current_release__offering_version__{field}" for field in HEAVY),
        )
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
    api = request.build_absolute_uri("/api/v1/")
    return {
        "instance": instance,
        "tab": tab,
        "tabs": [(name, label, counts.get(name, 0)) for name, label in TABS.items()],
        "standing": standing,
        "drift": drift_tab.of(drift, request.user, active),
        "active": active,
        "may_ask": may_ask,
        "next_stages": stages_ahead(instance),
        "newer": selectors.upgrades_of(release.offering_version) if release else [],
        "address": f"{reverse('web:instances-live', args=[instance.pk])}?{_query(request, tab)}",
        "lazy": reverse(f"web:instances-{tab}", args=[instance.pk]) if tab in LAZY else "",
        "commands": commands.of_tab(instance, tab, api),
        "etag": live.fingerprint(
            tab,
            request.GET.get("only"),
            request.GET.get("before"),
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
        **_tab(tab, instance, request),
    }


def _query(request: SignedIn, tab: str) -> str:
    """What tells one look at this page from another."""
    beside = {name: request.GET[name] for name in ("only", "before") if name in request.GET}
    return urlencode({"tab": tab, **beside})


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


def _tab(tab: str, instance: ServiceInstance, request: SignedIn) -> dict[str, Any]:
    if tab == "overview":
        return {
            "connections": connections.of(instance),
            "cost": costs.of_instance(instance),
            "shares": shares.of_instance(instance),
            "siblings": instances.siblings(instance),
        }
    if tab == "policy":
        return {
            "violations": policy_standing.violations(instance),
            "ask_exception": excepting.offered(request.user, instance),
        }
    if tab == "releases":
        return {"releases": instances.releases(instance), "back": _going_back(instance)}
    if tab == "timeline":
        return _timeline(instance, request)
    return {}


def _timeline(instance: ServiceInstance, request: SignedIn) -> dict[str, Any]:
    only = request.GET.get("only", "all")
    only = only if only in timelines.PARTS else "all"
    before = _moment(request.GET.get("before", ""))
    return {
        "only": only,
        "parts": list(timelines.PARTS),
        "timeline": timelines.of(instance, request.user, part=only, before=before),
        "earlier": before is not None,
    }


def _moment(text: str) -> datetime | None:
    """A moment of an address; None for what is none."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
