"""Rows about drift, as if somebody had looked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.core import clock
from portal.lifecycle.models import DriftItem, DriftReport, ServiceInstance


def drifted(instance: ServiceInstance, path: str = "spec.replicas", **more: Any) -> DriftItem:
    """One field of the service's Deployment differs, since an hour, seen a minute ago."""
    now = clock.now()
    seen = now - timedelta(minutes=1)
    report, _ = DriftReport.objects.update_or_create(
        instance=instance,
        defaults={
            "release": instance.current_release,
            "status": DriftReport.Status.DRIFTED,
            "checked_at": seen,
            "tried_at": seen,
        },
    )
    said = {
        "api_version": "apps/v1",
        "kind": "Deployment",
        "namespace": instance.namespace,
        "name": instance.name,
        "path": path,
        "how": DriftItem.How.CHANGED,
        "sealed": 1,
        "live": 5,
        "manager": "kubectl-edit",
        "manager_at": now - timedelta(hours=1),
        "first_seen_at": seen,
        "last_seen_at": seen,
    }
    DriftReport.objects.filter(pk=report.pk).update(changed=report.changed + 1)
    return DriftItem.objects.create(instance=instance, **{**said, **more})


def in_step(instance: ServiceInstance) -> DriftReport:
    """It was looked at two minutes ago and is as it was sealed."""
    seen = clock.now() - timedelta(minutes=2)
    return DriftReport.objects.create(
        instance=instance,
        release=instance.current_release,
        status=DriftReport.Status.IN_STEP,
        checked_at=seen,
        tried_at=seen,
    )
