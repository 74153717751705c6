"""How it is where the release ran before, or what is to be changed: asked of the cluster, now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, Evidence, ServiceInstance
from portal.lifecycle.operations import observation
from portal.lifecycle.operations.evidence.found import Found, span
from portal.lifecycle.operations.evidence.subject import Subject
from portal.lifecycle.selectors import soak
from portal.lifecycle.selectors.soak import Stay
from portal.lifecycle.states import EXECUTABLE_STATES, Health


def gather(subject: Subject) -> Found | None:
    """Of a promotion the stage before, else the target; None where nothing runs. Raises ClusterError."""
    source = subject.source
    instance = source or subject.instance
    release = instance.current_release
    if release is None:
        return None
    health, message = observation.health_of(observation.statuses(instance, release.objects_masked, seconds=0))
    if not ChangeRequest.objects.filter(instance=instance, state__in=EXECUTABLE_STATES).exists():
        observation.set_health(instance, health, message)
    promoted = subject.change.release.promoted_from if subject.change.release else None
    stays = soak.journey(subject.change.release) if subject.change.release and source else []
    moved_on = source is not None and promoted is not None and release.pk != promoted.pk
    return Found(
        _status(health, moved_on=moved_on),
        _summary(subject, instance, health, message, moved_on=moved_on, stays=stays),
        f"cluster {instance.environment.cluster.slug}",
        {
            "health": health.value,
            "message": message,
            "environment": instance.environment.slug,
            "stays": [_said(stay) for stay in stays],
        },
    )


def _status(health: Health, *, moved_on: bool) -> Evidence.Status:
    if health == Health.WRONG:
        return Evidence.Status.BAD
    return Evidence.Status.GOOD if health == Health.READY and not moved_on else Evidence.Status.NOTE


def _summary(
    subject: Subject,
    instance: ServiceInstance,
    health: Health,
    message: str,
    *,
    moved_on: bool,
    stays: list[Stay],
) -> str:
    where = f"{instance.name} in {instance.environment.name}"
    if moved_on:
        return f"{where} runs another release by now than the one to promote; it is {health.label.lower()}"
    if health != Health.READY:
        return f"{where} is {health.label.lower()}: {message}"
    said = f"{where} is ready"
    time = soak.soaked(subject.change, clock.now()) if subject.source else _ready_for(instance)
    said += f", and has been for {span(time)}" if time is not None else ""
    return said + (f"; {stays[0].share} % of its time there" if stays else "")


def _ready_for(instance: ServiceInstance) -> timedelta | None:
    instance.refresh_from_db(fields=["health", "health_since"])
    if instance.health != Health.READY or instance.health_since is None:
        return None
    return max(clock.now() - instance.health_since, timedelta(0))


def _said(stay: Stay) -> dict[str, Any]:
    return {
        "environment": stay.instance.environment.slug,
        "instance": stay.instance.pk,
        "release": stay.release.number,
        "since": stay.since.isoformat(),
        "until": stay.until.isoformat() if stay.until else None,
        "healthy_seconds": int(stay.healthy.total_seconds()),
        "ready_since": stay.ready_since.isoformat() if stay.ready_since else None,
        "share": stay.share,
    }
