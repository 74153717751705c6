"""One look at some instances of one cluster: listed together, compared where something was written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from portal.clusters.errors import ClusterError, ClusterTrouble, ClusterUnreachable
from portal.clusters.listing import Listing
from portal.clusters.types import Document
from portal.core import clock
from portal.core.objects import ObjectKey
from portal.environments.models import Cluster
from portal.lifecycle.models import DriftReport, ServiceInstance
from portal.lifecycle.operations.drift import claiming, subjects, writing
from portal.lifecycle.operations.drift.examining import Examination, Found
from portal.lifecycle.operations.drift.fingerprints import fingerprint
from portal.lifecycle.operations.drift.foreign import Strangers
from portal.lifecycle.operations.drift.pacing import Pace
from portal.lifecycle.operations.drift.reading import AUTOSCALERS, Reading, scaled_by
from portal.lifecycle.operations.drift.subjects import Subject

log = structlog.get_logger(__name__)

# what is not compared so long before the lease ends is left to the next round
SPARE = timedelta(seconds=30)
NOT_OURS = "Could not be found out: the portal's log says why."


@dataclass(frozen=True)
class Seen:
    """What is to be compared of one subject, if its fingerprint is another one."""

    subject: Subject
    fingerprint: str
    strangers: Sequence[Document]


class Look:
    """At the instances that a lease holds."""

    def __init__(self, cluster: Cluster, ids: Collection[int], lease: datetime, pace: Pace) -> None:
        self._cluster = cluster
        self._ids = set(ids)
        self._lease = lease
        self._pace = pace
        self._began = clock.now()
        self._left = set(ids)
        self._clean: dict[int, tuple[Subject, str]] = {}

    def done(self) -> bool:
        """Look, and write down what is found. False when the cluster did not answer."""
        try:
            self._look()
        except ClusterError as exc:
            slug, count = self._cluster.slug, len(self._left)
            log.warning("drift_not_known", cluster=slug, instances=count, message=exc.message)
            self._unknown(self._left, exc.message)
            return not isinstance(exc, ClusterUnreachable)
        finally:
            self._write_clean()
            claiming.let_go(self._ids, self._lease)
        return True

    def _look(self) -> None:
        listing = Listing(self._cluster.connection, before=self._pace)
        everything = subjects.of(_with_neighbours(self._ids), listing)
        reading = Reading(listing, everything, is_new=self._is_new())
        seen = reading.metadata()
        found = _seen(everything, self._ids, seen)
        same = _unchanged(found)
        self._left -= same
        writing.write_unchanged(same, began=self._began, lease=self._lease)
        others = [each for each in found if each.subject.instance.pk not in same]
        live = reading.whole({key for each in others for key in each.subject.sealed if key in seen})
        scaled = scaled_by(seen.values())
        for each in others:
            if clock.now() > self._lease - SPARE:
                break
            self._left.discard(each.subject.instance.pk)
            examination = Examination(each.subject, live, each.strangers, scaled=scaled, pace=self._pace)
            self._compare(each, examination)

    def _is_new(self) -> bool:
        reports = DriftReport.objects.filter(pk__in=self._ids)
        return reports.exclude(fingerprint="").count() * 2 < len(self._ids)

    def _compare(self, each: Seen, examination: Examination) -> None:
        """One instance; that the cluster cannot say of one is no reason to give up the others."""
        pk = each.subject.instance.pk
        try:
            found = examination.found()
        except ClusterError as exc:
            self._unknown([pk], exc.message)
            if isinstance(exc, ClusterUnreachable) and not isinstance(exc, ClusterTrouble):
                raise
        except Exception:
            log.exception("drift_failed", instance=pk)
            self._unknown([pk], NOT_OURS)
        else:
            if found:
                self._write(each.subject, found, each.fingerprint)
            else:
                self._clean[pk] = (each.subject, each.fingerprint)

    def _write_clean(self) -> None:
        """Together, but for those of which something has ended."""
        done = writing.write_clean(self._clean, began=self._began, lease=self._lease)
        for pk, (subject, mark) in self._clean.items():
            if pk not in done:
                self._write(subject, [], mark)

    def _write(self, subject: Subject, found: Sequence[Found], mark: str) -> None:
        writing.write(subject, found, mark, began=self._began, lease=self._lease)

    def _unknown(self, ids: Collection[int], message: str) -> None:
        writing.write_unknown(ids, message, began=self._began, lease=self._lease)


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


def _seen(
    everything: Sequence[Subject], ids: Collection[int], seen: Mapping[ObjectKey, Document]
) -> list[Seen]:
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
        if document["kind"] == AUTOSCALERS[1]:
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
