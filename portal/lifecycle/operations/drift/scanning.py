"""Looking for drift: what a cluster has, against what was sealed; only what another write has touched since
the last look is compared."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from portal.clusters.errors import ClusterError, ClusterTrouble, ClusterUnreachable
from portal.clusters.listing import Listing
from portal.clusters.types import Document
from portal.core import clock
from portal.core.objects import ObjectKey
from portal.environments.models import Cluster
from portal.lifecycle.models import DriftReport, ServiceInstance
from portal.lifecycle.operations.drift import claiming, subjects, writing
from portal.lifecycle.operations.drift.examining import Examination
from portal.lifecycle.operations.drift.fingerprints import fingerprint
from portal.lifecycle.operations.drift.foreign import Strangers
from portal.lifecycle.operations.drift.pacing import Pace
from portal.lifecycle.operations.drift.reading import Reading, scaled_by
from portal.lifecycle.operations.drift.subjects import Subject

log = structlog.get_logger(__name__)

# of one cluster: instances at a time, and seconds in one round
AT_ONCE = 1000
SECONDS = 20.0
# what is not compared so long before the lease ends is left to the next round
SPARE = timedelta(seconds=30)


@dataclass(frozen=True)
class Seen:
    """What is to be compared of one subject, if its fingerprint is another one."""

    subject: Subject
    fingerprint: str
    strangers: Sequence[Document]


def scan_cluster(cluster_id: int, *, budget_seconds: float = SECONDS) -> int:
    """Look at what is due in one cluster, no faster than is allowed, until nothing is or the time is over.
    Returns how many instances were looked at."""
    if claiming.is_looked_at(cluster_id):
        return 0
    cluster = Cluster.objects.get(pk=cluster_id)
    deadline, count = time.monotonic() + budget_seconds, 0
    pace, began = Pace(settings.SLIPWAY_DRIFT_REQUESTS_PER_SECOND), clock.now()
    while time.monotonic() < deadline:
        lease, ids = claiming.claim(cluster_id, AT_ONCE, due_at=began)
        if not ids or claiming.yields(cluster_id, ids, lease) or not look(cluster, ids, lease, pace):
            break
        count += len(ids)
    return count


def scan(instance: ServiceInstance) -> DriftReport:
    """Look at one instance now. Where somebody else is looking, or a change of it is under way, the report is
    as it was."""
    lease = claiming.claim_one(instance.pk)
    if lease is not None:
        pace = Pace(settings.SLIPWAY_DRIFT_REQUESTS_PER_SECOND)
        look(instance.environment.cluster, [instance.pk], lease, pace)
    return DriftReport.objects.get_or_create(instance=instance)[0]


def scan_asked(instance_id: int) -> None:
    """Look at an instance if somebody asked and has no answer yet."""
    asked = DriftReport.objects.asked().filter(pk=instance_id)
    report = asked.select_related("instance__environment__cluster").first()
    if report is not None:
        scan(report.instance)


def look(cluster: Cluster, ids: Collection[int], lease: datetime, pace: Pace) -> bool:
    """Look at these instances of one cluster, which the lease holds. False when it did not answer."""
    began = clock.now()
    left = set(ids)
    try:
        listing = Listing(cluster.connection, before=pace)
        everything = subjects.of(_with_neighbours(ids), listing)
        reading = Reading(listing, everything)
        seen = reading.metadata()
        found = _seen(everything, ids, seen)
        same = _unchanged(found)
        left -= same
        writing.write_unchanged(same, began=began, lease=lease)
        others = [each for each in found if each.subject.instance.pk not in same]
        live = reading.whole({key for each in others for key in each.subject.sealed if key in seen})
        scaled = scaled_by(seen.values())
        for each in others:
            if clock.now() > lease - SPARE:
                break
            left.discard(each.subject.instance.pk)
            _compare(each, live, scaled, pace, began=began, lease=lease)
    except ClusterError as exc:
        log.warning("drift_not_known", cluster=cluster.slug, instances=len(left), message=exc.message)
        writing.write_unknown(left, exc.message, began=began, lease=lease)
        return not isinstance(exc, ClusterUnreachable)
    finally:
        claiming.let_go(ids, lease)
    return True


def _compare(
    each: Seen,
    live: dict[ObjectKey, Document],
    scaled: Collection[tuple[str, str, str]],
    pace: Pace,
    *,
    began: datetime,
    lease: datetime,
) -> None:
    """One instance; that the cluster cannot say of one is no reason to give up the others."""
    pk = each.subject.instance.pk
    try:
        found = Examination(each.subject, live, each.strangers, scaled=scaled, pace=pace).found()
    except ClusterError as exc:
        writing.write_unknown([pk], exc.message, began=began, lease=lease)
        if isinstance(exc, ClusterUnreachable) and not isinstance(exc, ClusterTrouble):
            raise
        return
    except Exception:
        log.exception("drift_failed", instance=pk)
        message = "Could not be found out: the portal's log says why."
        writing.write_unknown([pk], message, began=began, lease=lease)
        return
    writing.write(each.subject, found, each.fingerprint, began=began, lease=lease)


def _with_neighbours(ids: Collection[int]) -> list[ServiceInstance]:
    """And all that live in the same namespaces: what is theirs is not foreign."""
    places = set(ServiceInstance.objects.filter(pk__in=ids).values_list("application", "environment"))
    near = ServiceInstance.objects.alive().filter(
        application__in={application for application, _ in places},
        environment__in={environment for _, environment in places},
    )
    here = near.exclude(current_release=None).values_list("pk", "application", "environment")
    found = ServiceInstance.objects.filter(pk__in=[pk for pk, *place in here if tuple(place) in places])
    return list(
        found.select_related("application__team", "environment__cluster", "offering", "current_release")
        .defer("current_release__values", "current_release__inputs", "current_release__masked_values")
        .order_by("pk")
    )


def _seen(everything: Sequence[Subject], ids: Collection[int], seen: dict[ObjectKey, Document]) -> list[Seen]:
    strangers = Strangers(everything, seen.values())
    autoscalers = _autoscalers(seen.values())
    found = []
    for subject in everything:
        if subject.instance.pk in ids:
            strange = strangers.of(subject)
            beside = [*strange, *autoscalers.get(subject.instance.namespace, ())]
            mark = fingerprint(subject.release, subject.sealed, seen, beside)
            found.append(Seen(subject, mark, strange))
    return found


def _autoscalers(seen: Iterable[Document]) -> dict[str, list[Document]]:
    """What they scale is no drift, so that another one matters."""
    found: dict[str, list[Document]] = {}
    for document in seen:
        if document["kind"] == "HorizontalPodAutoscaler":
            found.setdefault(document["metadata"]["namespace"], []).append(document)
    return found


def _unchanged(found: Iterable[Seen]) -> set[int]:
    """Those whose last look saw the very same, and had an answer."""
    by_id = {each.subject.instance.pk: each for each in found}
    reports = DriftReport.objects.filter(pk__in=by_id).exclude(status=DriftReport.Status.UNKNOWN)
    return {
        report.pk
        for report in reports
        if report.fingerprint == by_id[report.pk].fingerprint
        and report.release_id == by_id[report.pk].subject.release.pk
    }
