"""Looking at what a release's objects are doing. The portal observes readiness itself; helm never waits."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, OuterRef, Subquery, Value, When

from portal.clusters.errors import ClusterError
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.readiness import may_be_gone
from portal.clusters.types import ObjectStatus, Pod
from portal.core import clock
from portal.lifecycle.models import HealthSpan, Release, ServiceInstance
from portal.lifecycle.states import Health

HOOK = "helm.sh/hook"
KEEP = "helm.sh/resource-policy"


@dataclass(frozen=True)
class LiveObject:
    """One object of the current release and what the cluster says of it now."""

    status: ObjectStatus
    pods: tuple[Pod, ...] = ()


def standing(documents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The objects that are meant to stay: hooks come and go, so they are not waited for."""
    return [
        dict(doc) for doc in documents if HOOK not in ((doc.get("metadata") or {}).get("annotations") or {})
    ]


def kept(documents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Objects that Helm leaves where they are when it takes a release away, such as volumes with backups."""
    return [
        doc for doc in documents if ((doc.get("metadata") or {}).get("annotations") or {}).get(KEEP) == "keep"
    ]


def kubernetes_for(instance: ServiceInstance) -> Kubernetes:
    return Kubernetes(instance.environment.cluster.connection)


def namespaced(documents: Iterable[Mapping[str, Any]], instance: ServiceInstance) -> list[dict[str, Any]]:
    """Standing objects with their namespace written out, where the chart left it to Helm."""
    if instance.offering.cluster_scoped:
        return standing(documents)
    return [
        {
            **doc,
            "metadata": {
                **doc["metadata"],
                "namespace": doc["metadata"].get("namespace") or instance.namespace,
            },
        }
        for doc in standing(documents)
    ]


def statuses(
    instance: ServiceInstance, documents: Iterable[Mapping[str, Any]], *, seconds: float
) -> list[ObjectStatus]:
    """State of each standing object; waits at most `seconds` for all to settle. Raises ClusterError."""
    cluster = kubernetes_for(instance)
    wanted = namespaced(documents, instance)
    found = cluster.statuses(wanted) if seconds <= 0 else cluster.watch_until_settled(wanted, seconds=seconds)
    return _without_ended(found, wanted)


def _without_ended(found: Iterable[ObjectStatus], wanted: Iterable[Mapping[str, Any]]) -> list[ObjectStatus]:
    """What the cluster takes away by itself after its end is not missed."""
    passing = {_name(document) for document in wanted if may_be_gone(document)}
    return [
        replace(status, state="ready", message="has ended, and was cleared away")
        if status.state == "missing" and (status.key.kind, status.key.name) in passing
        else status
        for status in found
    ]


def live_objects(instance: ServiceInstance) -> list[LiveObject]:
    """The current release's objects with their pods, from the cluster. Raises ClusterError."""
    release = instance.current_release
    if release is None:
        return []
    cluster = kubernetes_for(instance)
    documents = namespaced(release.objects_masked, instance)
    selectors = {
        _name(doc): ((doc.get("spec") or {}).get("selector") or {}).get("matchLabels") for doc in documents
    }
    found = []
    for status in _without_ended(cluster.statuses(documents), documents):
        selector = selectors.get((status.key.kind, status.key.name))
        pods = cluster.pods(instance.namespace, selector) if selector and status.key.kind in WITH_PODS else []
        found.append(LiveObject(status, tuple(pods)))
    return found


WITH_PODS = {"Deployment", "StatefulSet", "DaemonSet", "Job"}


def _name(document: Mapping[str, Any]) -> tuple[str, str]:
    return document["kind"], document["metadata"]["name"]


def health_of(found: Iterable[ObjectStatus]) -> tuple[Health, str]:
    """One health for many objects: the worst, with the first reason."""
    found = list(found)
    for state, health in (("failed", Health.WRONG), ("missing", Health.WRONG), ("working", Health.WORKING)):
        bad = [status for status in found if status.state == state]
        if bad:
            more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
            why = bad[0].message or ("is missing from the cluster" if state == "missing" else state)
            return health, f"{bad[0].key}: {why}{more}"[:500]
    return Health.READY, ""


def set_health(instance: ServiceInstance, health: Health, message: str) -> None:
    """Write the health down; `health_since` moves only when the health changes, and a new span begins when
    health or release do."""
    now = clock.now()
    since = Case(When(health=health, then=F("health_since")), default=Value(now))
    ServiceInstance.objects.filter(pk=instance.pk).update(
        health_since=since, health=health, health_message=message[:500], health_checked_at=now
    )
    _span(instance, health, now)


def _span(instance: ServiceInstance, health: Health, now: datetime) -> None:
    """Writes nothing while health and release stay; of two writers at once one begins the new span."""
    spans = HealthSpan.objects.filter(instance=OuterRef("pk"), ended_at=None).order_by()
    release, last, was, of = (
        ServiceInstance.objects.annotate(
            last=Subquery(spans.values("pk")[:1]),
            was=Subquery(spans.values("health")[:1]),
            of=Subquery(spans.values("release")[:1]),
        )
        .values_list("current_release", "last", "was", "of")
        .get(pk=instance.pk)
    )
    if last is not None and (was, of) == (health, release):
        return
    with transaction.atomic():
        if last is not None and not HealthSpan.objects.filter(pk=last, ended_at=None).update(ended_at=now):
            return
        span = HealthSpan(instance=instance, release_id=release, health=health, began_at=now)
        HealthSpan.objects.bulk_create([span], ignore_conflicts=True)


def look(instance: ServiceInstance, release: Release, *, seconds: float = 0) -> tuple[Health, str]:
    """How a release's objects are, without raising: what an unreachable cluster runs is not known."""
    try:
        return health_of(statuses(instance, release.objects_masked, seconds=seconds))
    except ClusterError as exc:
        return Health.WAITING, f"Not known: {exc.message}"


def refresh(instance: ServiceInstance) -> Health:
    """Ask the cluster how a settled instance is now. An unreachable cluster is said, not guessed."""
    if instance.current_release is None:
        return Health(instance.health)
    health, message = look(instance, instance.current_release)
    set_health(instance, health, message)
    return health


def remaining(
    instance: ServiceInstance, documents: Iterable[Mapping[str, Any]], *, seconds: float
) -> list[ObjectStatus]:
    """Objects that are still there and should not be, after waiting at most `seconds` for them to go. Raises
    ClusterError."""
    cluster = kubernetes_for(instance)
    documents = list(documents)
    staying = kept(documents)
    wanted = namespaced([document for document in documents if document not in staying], instance)
    end = time.monotonic() + seconds
    while True:
        left = [status for status in cluster.statuses(wanted) if status.state != "missing"]
        if not left or time.monotonic() >= end:
            return left
        time.sleep(0.1)
