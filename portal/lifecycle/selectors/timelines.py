"""What happened to an instance, from everywhere that writes it down, in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.lifecycle.models import ChangeRequest, HealthSpan, Rollout, ServiceInstance

Kind = Literal["change", "rollout", "health", "drift", "record"]
Subject = ChangeRequest | Rollout | HealthSpan | AuditEvent
ROWS = 50
# what the list can be narrowed to
PARTS: Mapping[str, tuple[Kind, ...]] = {
    "all": ("change", "rollout", "health", "drift", "record"),
    "changes": ("change", "rollout"),
    "health": ("health",),
    "drift": ("drift",),
    "audit": ("record",),
}
DRIFT = "drift."


@dataclass(frozen=True)
class Moment:
    at: datetime
    kind: Kind
    subject: Subject


@dataclass(frozen=True)
class Timeline:
    """Newest first. `before` is what the next page begins with; None: this is the end."""

    moments: tuple[Moment, ...]
    before: datetime | None


def of(
    instance: ServiceInstance, user: User, *, part: str = "all", before: datetime | None = None
) -> Timeline:
    """One page, with one query for each kind; of the audit trail what `user` may see."""
    found: list[Moment] = []
    for kind in PARTS[part]:
        found += SOURCES[kind](instance, user, before)
    found.sort(key=lambda moment: moment.at, reverse=True)
    shown = tuple(found[:ROWS])
    return Timeline(shown, shown[-1].at if len(found) > ROWS else None)


def _changes(instance: ServiceInstance, user: User, before: datetime | None) -> Iterable[Moment]:
    rows = ChangeRequest.objects.for_lists().filter(instance=instance)
    rows = rows.filter(created_at__lt=before) if before else rows
    return [Moment(row.created_at, "change", row) for row in rows[: ROWS + 1]]


def _rollouts(instance: ServiceInstance, user: User, before: datetime | None) -> Iterable[Moment]:
    rows = Rollout.objects.filter(change__instance=instance).order_by("-started_at", "-id")
    rows = rows.filter(started_at__lt=before) if before else rows
    shown = rows.select_related("release").only(
        "change", "release__number", "release__instance", "is_revert", "started_at", "finished_at", "outcome",
        "message",
    )  # fmt: skip
    return [Moment(row.started_at, "rollout", row) for row in shown[: ROWS + 1]]


def _health(instance: ServiceInstance, user: User, before: datetime | None) -> Iterable[Moment]:
    rows = HealthSpan.objects.filter(instance=instance).order_by("-began_at", "-id")
    rows = rows.filter(began_at__lt=before) if before else rows
    shown = rows.select_related("release").only(
        "health", "began_at", "ended_at", "instance", "release__number", "release__instance"
    )
    return [Moment(row.began_at, "health", row) for row in shown[: ROWS + 1]]


def _records(kind: Kind) -> Callable[[ServiceInstance, User, datetime | None], Iterable[Moment]]:
    def read(instance: ServiceInstance, user: User, before: datetime | None) -> Iterable[Moment]:
        rows = AuditEvent.objects.visible_to(user).filter(
            object_type="ServiceInstance", object_id=str(instance.pk)
        )
        is_drift = rows.filter(action__startswith=DRIFT)
        rows = is_drift if kind == "drift" else rows.exclude(action__startswith=DRIFT)
        rows = rows.filter(at__lt=before) if before else rows
        return [Moment(row.at, kind, row) for row in rows.order_by("-at", "-id")[: ROWS + 1]]

    return read


SOURCES: Mapping[Kind, Callable[[ServiceInstance, User, datetime | None], Iterable[Moment]]] = {
    "change": _changes,
    "rollout": _rollouts,
    "health": _health,
    "drift": _records("drift"),
    "record": _records("record"),
}
