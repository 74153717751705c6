"""Rendering a chart as it will be applied: same chart bytes, same values, same target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from portal.clusters.helm import Helm, render
from portal.clusters.types import Connection, Rendered, Target
from portal.environments.models import Environment
from portal.lifecycle.models import Release, ServiceInstance
from services_catalog.chart_cache import unpacked

DEPLOYER = "slipway-deployer"


def render_for(
    chart_digest: str,
    *,
    target: Target,
    values: Mapping[str, Any],
    environment: Environment,
    is_upgrade: bool = False,
) -> Rendered:
    """The documents of a chart for one target. Has no cluster credentials; bounded in time, memory and
    output."""
    return render(
        unpacked(chart_digest),
        target=target,
        values=values,
        capabilities=environment.cluster.capabilities,
        is_upgrade=is_upgrade,
        binary=settings.SLIPWAY_HELM,
    )


def render_release(release: Release, *, instance: ServiceInstance) -> Rendered:
    """A sealed release, rendered again."""
    return render_for(
        release.chart_id, target=instance.target, values=release.values, environment=instance.environment
    )


def deployer_of(namespace: str) -> str:
    """The user name of a namespace's own deployer service account."""
    return f"system:serviceaccount:{namespace}:{DEPLOYER}"


def connection_for(instance: ServiceInstance) -> Connection:
    """How Helm reaches the cluster for this instance: as the namespace's deployer, or, where an offering
    may go
    beyond its namespace, as the portal itself."""
    connection = instance.environment.cluster.connection
    if instance.offering.cluster_scoped:
        return connection
    return connection.impersonating(deployer_of(instance.namespace))


def helm_for(instance: ServiceInstance) -> Helm:
    return Helm(
        connection_for(instance), binary=settings.SLIPWAY_HELM, cache_dir=settings.SLIPWAY_DATA_DIR / "kube"
    )
