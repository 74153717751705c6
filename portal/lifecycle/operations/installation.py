"""Keeping the policies installed in clusters: applied server-side, old ones of ours removed, drift
reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction

from portal.accounts.models import User
from portal.audit.recording import record
from portal.clusters.kubernetes import Kubernetes
from portal.core import clock
from portal.core.digests import digest_of
from portal.core.errors import SlipwayError
from portal.environments.models import Cluster
from portal.lifecycle.operations import placing, waivers
from portal.lifecycle.operations.placing import Action, Owner, Step, counts
from portal.lifecycle.selectors import bundle

__all__ = ["Action", "Step", "counts"]

log = structlog.get_logger(__name__)

OURS = Owner(
    "slipway-policies",
    {"app.kubernetes.io/managed-by": "slipway", "app.kubernetes.io/part-of": "slipway-policies"},
)
LOOK_AGAIN = timedelta(minutes=10)


def desired(cluster: Cluster) -> list[dict[str, Any]]:
    """The documents as they belong into this cluster: labelled as ours, with the exceptions that count
    there."""
    documents = bundle.current().installable(waivers.in_cluster(cluster))
    return [OURS.labelled(document) for document in documents]


def plan(cluster: Cluster) -> list[Step]:
    """What installing would change; nothing is stored. On a cluster that has the policies, this is the drift.

    Takes half a minute at the most. Raises ClusterError, PolicyInvalid.
    """
    return placing.plan(Kubernetes(cluster.connection), desired(cluster), OURS)


def install(cluster: Cluster, *, actor: User | None) -> list[Step]:
    """Apply what belongs there and remove what we once put there and belongs there no more.

    Raises ClusterError, PolicyInvalid.
    """
    documents = desired(cluster)
    steps = placing.place(Kubernetes(cluster.connection), documents, OURS)
    _remember(cluster, documents, steps, actor)
    return steps


def look_for_drift(cluster: Cluster) -> list[Step]:
    """Compare a cluster that has the policies with what belongs there, and note what differs. Raises as
    `plan`."""
    steps = plan(cluster)
    Cluster.objects.filter(pk=cluster.pk).update(
        policies_message=placing.drift_of(steps), policies_checked_at=clock.now()
    )
    return steps


def uninstall(cluster: Cluster, *, actor: User | None) -> list[Step]:
    """Remove all that we put there. Raises ClusterError."""
    kubernetes = Kubernetes(cluster.connection)
    steps = placing.removal(kubernetes, OURS)
    placing.take(kubernetes, steps)
    with transaction.atomic():
        Cluster.objects.filter(pk=cluster.pk).update(
            policies_installed=False, policies_digest="", policies_message="", policies_checked_at=clock.now()
        )
        record("policy.uninstalled", cluster, actor=actor, after=counts(steps))
    return steps


def keep_installed() -> int:
    """Install again where policies, modes or exceptions are others than those installed last; elsewhere look
    for drift from time to time, which is noted and left to people.

    A cluster that cannot be reached is tried again in the next round. Returns how many were brought up to
    date.
    """
    count = 0
    for cluster in Cluster.objects.filter(policies_installed=True):
        try:
            if digest_of(desired(cluster)) != cluster.policies_digest:
                install(cluster, actor=None)
                count += 1
            elif (
                cluster.policies_checked_at is None or clock.now() - cluster.policies_checked_at > LOOK_AGAIN
            ):
                look_for_drift(cluster)
        except SlipwayError as exc:
            log.warning("policies_not_installed", cluster=cluster.slug, message=exc.message)
            Cluster.objects.filter(pk=cluster.pk).update(
                policies_message=exc.message[:500], policies_checked_at=clock.now()
            )
    return count


@transaction.atomic
def _remember(
    cluster: Cluster, documents: Sequence[Mapping[str, Any]], steps: Sequence[Step], actor: User | None
) -> None:
    Cluster.objects.filter(pk=cluster.pk).update(
        policies_installed=True,
        policies_digest=digest_of(documents),
        policies_message="",
        policies_checked_at=clock.now(),
    )
    record("policy.installed", cluster, actor=actor, after=counts(steps))
