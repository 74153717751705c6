"""Rows about drift, for tests of who may read and do what about it."""

from __future__ import annotations

from datetime import timedelta

from portal.core import clock
from portal.lifecycle.models import DriftItem, DriftReport, DriftTolerance, ServiceInstance
from tests.api.conftest import World

OBJECT = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "storefront-dev", "name": "shop-api"}
PLACE = {"api_version": "apps/v1", "kind": "Deployment", "namespace": "storefront-dev", "name": "shop-api"}


def drifted(instance: ServiceInstance, path: str = "spec.replicas", **more: object) -> DriftItem:
    """One field of the instance differs, as if somebody had looked a minute ago."""
    seen = clock.now() - timedelta(minutes=1)
    DriftReport.objects.update_or_create(
        instance=instance,
        defaults={
            "release": instance.current_release,
            "status": DriftReport.Status.DRIFTED,
            "checked_at": seen,
            "tried_at": seen,
            "changed": 1,
        },
    )
    said = {"how": "changed", "sealed": 2, "live": 5, "manager": "kubectl-edit", "manager_at": seen, **more}
    return DriftItem.objects.create(
        instance=instance, **PLACE, path=path, first_seen_at=seen, last_seen_at=seen, **said
    )


def tolerated(world: World) -> DriftTolerance:
    drifted(world.instance)
    return DriftTolerance.objects.create(
        instance=world.instance,
        **PLACE,
        path="spec.replicas",
        reason="Until the sale is over.",
        until=clock.now() + timedelta(days=7),
        created_by=world.people["alice"],
        created_at=clock.now(),
    )


def toleration(world: World) -> dict[str, object]:
    until = clock.now() + timedelta(days=7)
    return {
        "object": OBJECT,
        "path": "spec.replicas",
        "until": until.isoformat(),
        "reason": "Until the sale is over.",
    }


def at(world: World, what: str = "") -> str:
    """Of an instance of which one field differs."""
    if not world.instance.drift_items.exists():
        drifted(world.instance)
    return f"instances/{world.instance.pk}/drift/{what}"
