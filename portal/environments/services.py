"""Registering clusters and stages; each is audited."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.audit.recording import record
from portal.clusters.errors import ClusterError
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.types import Connection
from portal.core import clock
from portal.environments.models import Cluster, Environment


def register_cluster(
    *, slug: str, name: str, kubeconfig: str, context: str = "", actor: User | None = None
) -> Cluster:
    """Store how to reach a cluster, after reaching it. Raises ClusterError when it cannot be reached."""
    connection = Connection(name=slug, kubeconfig=kubeconfig, context=context or None)
    capabilities = Kubernetes(connection).capabilities()
    with transaction.atomic():
        cluster, created = Cluster.objects.update_or_create(
            slug=slug,
            defaults={
                "name": name,
                "kubeconfig": kubeconfig,
                "context": context,
                "version": capabilities.kube_version,
                "api_versions": list(capabilities.api_versions),
                "reachable": True,
                "message": "",
                "checked_at": clock.now(),
            },
        )
        after = {"name": name, "version": capabilities.kube_version, "created": created}
        record("cluster.registered", cluster, actor=actor, after=after)
    return cluster


def check_cluster(cluster: Cluster) -> Cluster:
    """Ask a cluster whether it answers, and write down what it says."""
    try:
        info = Kubernetes(cluster.connection).ping()
        facts: dict[str, Any] = {"reachable": True, "message": "", "version": info.version}
    except ClusterError as exc:
        facts = {"reachable": False, "message": exc.message[:500]}
    Cluster.objects.filter(pk=cluster.pk).update(checked_at=clock.now(), **facts)
    cluster.refresh_from_db()
    return cluster


@transaction.atomic
def save_environment(*, slug: str, actor: User | None = None, **fields: Any) -> Environment:
    """Create a stage, or change it. Saving what is already so records nothing."""
    before = Environment.objects.filter(slug=slug).first()
    unchanged = before is not None and all(getattr(before, name) == value for name, value in fields.items())
    if before is not None and unchanged:
        return before
    environment, _ = Environment.objects.update_or_create(slug=slug, defaults=fields)
    after = {
        name: str(value) if isinstance(value, Cluster | Environment) else value
        for name, value in fields.items()
    }
    record("environment.saved", environment, actor=actor, after=after)
    return environment
