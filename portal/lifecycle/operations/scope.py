"""A team's release may hold only namespaced objects of its own namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal.core.objects import key_of

# Namespaced kinds that a team's release may hold. A kind that is not listed is refused: anything unsure is
# denied.
# RBAC kinds, ResourceQuota and LimitRange are namespaced too, and left out on purpose: they are the
# namespace's guard rails.
ALLOWED_KINDS = frozenset(
    {
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("v1", "Service"),
        ("v1", "ServiceAccount"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "Pod"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("policy/v1", "PodDisruptionBudget"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("networking.k8s.io/v1", "Ingress"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
        ("monitoring.coreos.com/v1", "PodMonitor"),
        ("monitoring.coreos.com/v1", "PrometheusRule"),
    }
)


def problems(documents: Iterable[Mapping[str, Any]], *, namespace: str, cluster_scoped: bool) -> list[str]:
    """Why these documents may not be one release, each in a sentence; empty when they may.

    `cluster_scoped` offerings, marked by a platform engineer, may go beyond their namespace; what has no
    kind or
    name, and the same object twice, is refused for all.
    """
    found: list[str] = []
    seen = set()
    for document in documents:
        key = key_of(document)
        if not key.api_version or not key.kind or not key.name:
            found.append(
                f"A rendered document has no apiVersion, kind or name ({key.kind or 'unknown kind'})."
            )
            continue
        if (key.kind, key.group, key.namespace or namespace, key.name) in seen:
            found.append(f"{key} is rendered twice.")
        seen.add((key.kind, key.group, key.namespace or namespace, key.name))
        if cluster_scoped:
            continue
        if (key.api_version, key.kind) not in ALLOWED_KINDS:
            found.append(
                f"{key} ({key.api_version}) is not a kind that a team's release may hold. "
                "Ask the platform team for an offering that provides it."
            )
        elif key.namespace and key.namespace != namespace:
            found.append(f"{key} is meant for namespace {key.namespace}; only {namespace} is yours here.")
    return found
