"""Writing down what was found: a row for each thing, kept when it has ended; told of once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from portal.core import clock
from portal.lifecycle.models import (
    ChangeRequest,
    DriftItem,
    DriftReport,
    DriftTolerance,
    ServiceInstance,
)
from portal.lifecycle.models.drift import LONGEST_PATH
from portal.lifecycle.operations import field_writers
from portal.lifecycle.operations.drift import counting, telling
from portal.lifecycle.operations.drift.examining import Found
from portal.lifecycle.operations.drift.subjects import Subject
from portal.lifecycle.states import EXECUTABLE_STATES

Status = DriftReport.Status
# one instance keeps this many rows at the most
MOST = 500
SAID = ("how", "sealed", "live", "manager", "operation", "manager_at")
COUNTS = ("changed", "removed", "added", "missing", "foreign", "tolerated")
CLEAN = ["release", "status", "message", "checked_at", "tried_at", "fingerprint", "lease_until", *COUNTS]
Identity = tuple[str, str, str, str, str]


@transaction.atomic
def write(
    subject: Subject, found: Sequence[Found], fingerprint: str, *, began: datetime, lease: datetime
) -> bool:
    """False, and nothing written, where the lease is lost or a change has moved the instance since: what was
    seen is neither the old release nor the new one."""
    instance = subject.instance
    rows = DriftReport.objects.filter(pk=instance.pk, lease_until=lease)
    if not rows.update(lease_until=None):
        return False
    if _has_moved(subject, began):
        return False
    new, gone = _kept(instance, found[:MOST], began)
    rows = DriftReport.objects.filter(pk=instance.pk)
    message = f"{len(found) - MOST} more are not shown." if len(found) > MOST else ""
    rows.update(
        release=subject.release,
        status=Status.IN_STEP,
        message=message,
        checked_at=began,
        tried_at=began,
        fingerprint=fingerprint,
    )
    counting.recount(instance.pk)
    if new:
        tolerances = list(DriftTolerance.objects.live_at(clock.now()).filter(instance=instance))
        telling.appeared(instance, new, minded=counting.minded(new, tolerances))
    if gone:
        telling.ended(instance, gone)
    return True


@transaction.atomic
def write_clean(clean: Mapping[int, tuple[Subject, str]], *, began: datetime, lease: datetime) -> set[int]:
    """By instance: (subject, fingerprint) of those that are as sealed. In a few statements for however many;
    returns those for which there was nothing to end, and which are done with."""
    pks = list(clean)
    held = set(DriftReport.objects.filter(pk__in=pks, lease_until=lease).values_list("pk", flat=True))
    current = ServiceInstance.objects.alive().filter(pk__in=pks).values_list("pk", "current_release")
    meanwhile = _meanwhile(began).filter(instance__in=pks).values_list("instance", flat=True)
    still = {pk for pk, release in current if release == clean[pk][0].release.pk} - set(meanwhile)
    drifted = DriftItem.objects.current().filter(instance__in=pks).values_list("instance", flat=True)
    done = (held & still) - set(drifted)
    rows = [
        DriftReport(
            instance_id=pk,
            release=clean[pk][0].release,
            status=Status.IN_STEP,
            checked_at=began,
            tried_at=began,
            fingerprint=clean[pk][1],
        )
        for pk in sorted(done)
    ]
    DriftReport.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["instance"], update_fields=CLEAN, batch_size=500
    )
    return done


@transaction.atomic
def write_unchanged(ids: Collection[int], *, began: datetime, lease: datetime) -> int:
    """All is as it was when it was compared last: two statements for however many."""
    same = list(DriftReport.objects.filter(pk__in=ids, lease_until=lease).values_list("pk", flat=True))
    DriftReport.objects.filter(pk__in=same).update(checked_at=began, tried_at=began, lease_until=None)
    drifted = DriftReport.objects.filter(pk__in=same).exclude(status=Status.IN_STEP, tolerated=0)
    DriftItem.objects.current().filter(instance__in=drifted.values("pk")).update(last_seen_at=began)
    return len(same)


def write_unknown(ids: Collection[int], message: str, *, began: datetime, lease: datetime) -> None:
    """It could not be found out. What was found before stays, and is looked at as a whole the next time."""
    DriftReport.objects.filter(pk__in=ids, lease_until=lease).update(
        status=Status.UNKNOWN, message=message[:500], tried_at=began, fingerprint="", lease_until=None
    )


def _has_moved(subject: Subject, began: datetime) -> bool:
    current = ServiceInstance.objects.alive().filter(pk=subject.instance.pk, current_release=subject.release)
    return not current.exists() or _meanwhile(began).filter(instance=subject.instance.pk).exists()


def _meanwhile(began: datetime) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(Q(state__in=EXECUTABLE_STATES) | Q(finished_at__gte=began))


def _kept(
    instance: ServiceInstance, found: Iterable[Found], now: datetime
) -> tuple[list[DriftItem], list[DriftItem]]:
    """(new, ended): what is still so keeps its row, with what it says now."""
    known = {_identity(item): item for item in DriftItem.objects.current().filter(instance=instance)}
    seen = {_identity(item): item for item in (_item(instance, each, now) for each in found)}
    new = [item for identity, item in seen.items() if identity not in known]
    gone = [item for identity, item in known.items() if identity not in seen]
    stay = [_with(known[identity], item, now) for identity, item in seen.items() if identity in known]
    DriftItem.objects.filter(pk__in=[item.pk for item in gone]).update(ended_at=now)
    DriftItem.objects.bulk_update(stay, [*SAID, "last_seen_at"])
    DriftItem.objects.bulk_create(new)
    return new, gone


def _item(instance: ServiceInstance, found: Found, now: datetime) -> DriftItem:
    """As long as the columns are."""
    key, owner = found.key, found.owner
    return DriftItem(
        instance=instance,
        api_version=key.api_version[:120],
        kind=key.kind[:63],
        namespace=key.namespace[:63],
        name=key.name[:253],
        path=found.path[:LONGEST_PATH],
        how=found.how,
        sealed=found.sealed,
        live=found.live,
        manager=owner.manager[:128] if owner else "",
        operation=owner.operation[:40] if owner else "",
        manager_at=field_writers.moment(owner.at) if owner else None,
        first_seen_at=now,
        last_seen_at=now,
    )


def _with(known: DriftItem, seen: DriftItem, now: datetime) -> DriftItem:
    for name in SAID:
        value: Any = getattr(seen, name)
        setattr(known, name, value)
    known.last_seen_at = now
    return known


def _identity(item: DriftItem) -> Identity:
    return item.api_version, item.kind, item.namespace, item.name, item.path
