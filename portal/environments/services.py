"""Registering clusters and stages; each is audited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.audit.recording import record
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.types import Capabilities, Connection
from portal.core import clock
from portal.core.errors import ValidationFailed
from portal.environments.models import ApproverGroup, Cluster, Environment

MOST_CONCURRENT = 1000
# in one record of the trail
MOST_KINDS = 100


def register_cluster(
    *,
    slug: str,
    name: str,
    kubeconfig: str,
    context: str = "",
    concurrency: int | None = None,
    actor: User | None = None,
) -> Cluster:
    """Store how to reach a cluster, after reaching it. `concurrency`: how many workers may be at work there
    at once; None leaves it. Raises ClusterError when it cannot be reached, ValidationFailed."""
    if concurrency is not None and not 1 <= concurrency <= MOST_CONCURRENT:
        raise ValidationFailed.at("/concurrency", f"Between 1 and {MOST_CONCURRENT} workers.")
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
                "failures": 0,
                "unreachable_since": None,
                "retry_at": None,
                **({"concurrency": concurrency} if concurrency is not None else {}),
            },
        )
        after = {
            "name": name,
            "version": capabilities.kube_version,
            "created": created,
            "concurrency": cluster.concurrency,
        }
        record("cluster.registered", cluster, actor=actor, after=after)
    return cluster


@transaction.atomic
def learn(cluster: Cluster, found: Capabilities) -> None:
    """Write down what a cluster serves; that it is another than before is recorded."""
    kinds, before = set(found.api_versions), set(cluster.api_versions)
    Cluster.objects.filter(pk=cluster.pk).update(
        reachable=True,
        message="",
        version=found.kube_version,
        api_versions=list(found.api_versions),
        checked_at=clock.now(),
    )
    if (found.kube_version, kinds) != (cluster.version, before):
        after = {
            "version": found.kube_version,
            "kinds_added": sorted(kinds - before)[:MOST_KINDS],
            "kinds_gone": sorted(before - kinds)[:MOST_KINDS],
        }
        record("cluster.changed", cluster, actor=None, before={"version": cluster.version}, after=after)
    cluster.refresh_from_db()


def refused(cluster: Cluster, message: str) -> None:
    """Write down why a cluster that answers does not let the portal in."""
    Cluster.objects.filter(pk=cluster.pk).update(
        reachable=False, message=message[:500], checked_at=clock.now()
    )


@transaction.atomic
def save_environment(
    *,
    slug: str,
    actor: User | None = None,
    promotes_from: Iterable[Environment] | None = None,
    approver_groups: Iterable[ApproverGroup] | None = None,
    reason: str = "",
    **fields: Any,
) -> Environment:
    """Create a stage, or change it and its gate; what is not given stays. Saving what is already so records
    nothing. Rules of a gate that people set go through portal/lifecycle/services/gates.py, which checks them.

    Raises ValidationFailed when promotions would go in a circle.
    """
    related = {
        name: list(rows)
        for name, rows in (("promotes_from", promotes_from), ("approver_groups", approver_groups))
        if rows is not None
    }
    before = Environment.objects.filter(slug=slug).first()
    if before is not None and _is_so(before, fields, related):
        return before
    said = _facts(before, [*fields, *related]) if before is not None else None
    environment, _ = Environment.objects.update_or_create(slug=slug, defaults=fields)
    for name, rows in related.items():
        getattr(environment, name).set(rows)
    _check_no_circle(environment)
    record(
        "environment.saved",
        environment,
        actor=actor,
        before=said,
        after=_facts(environment, [*fields, *related]),
        comment=reason,
    )
    return environment


def _is_so(environment: Environment, fields: Mapping[str, Any], related: Mapping[str, Sequence[Any]]) -> bool:
    same = all(getattr(environment, name) == value for name, value in fields.items())
    return same and all(
        {row.pk for row in getattr(environment, name).all()} == {row.pk for row in rows}
        for name, rows in related.items()
    )


def _facts(environment: Environment, names: Iterable[str]) -> dict[str, Any]:
    """The named fields as the audit trail says them."""
    facts: dict[str, Any] = {}
    for name in names:
        if name in ("promotes_from", "approver_groups"):
            facts[name] = [row.slug for row in getattr(environment, name).all()]
        else:
            value = getattr(environment, name)
            facts[name] = str(value) if isinstance(value, Cluster) else value
    return facts


def _check_no_circle(environment: Environment) -> None:
    """Follow the sources back: a stage must not come to itself."""
    seen: set[int] = set()
    ahead = list(environment.promotes_from.all())
    while ahead:
        stage = ahead.pop()
        if stage.pk == environment.pk:
            raise ValidationFailed.at(
                "/promotes_from",
                f"{environment} would be promoted to itself by these stages.",
                "circle",
            )
        if stage.pk not in seen:
            seen.add(stage.pk)
            ahead += stage.promotes_from.all()
