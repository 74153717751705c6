"""Keeping the guard around the gate in clusters: as the environments' modes say, drift noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from portal.accounts.models import User
from portal.audit.recording import record
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.metadata import Identity, Metadata
from portal.core import clock
from portal.core.digests import digest_of
from portal.core.errors import SlipwayError
from portal.core.objects import key_of
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models import GuardState
from portal.lifecycle.operations import placing
from portal.lifecycle.operations.placing import Owner, Step, counts
from portal.policy.guard import LABELS, GuardMode, guard_documents

log = structlog.get_logger(__name__)

OURS = Owner("slipway-gate", LABELS)
LOOK_AGAIN = timedelta(minutes=10)
# how many clusters one round brings up to date
AT_ONCE = 25
IN_FORCE: tuple[GuardMode, ...] = ("audit", "deny")

Modes = Mapping[str, str]


def modes_of(cluster: Cluster) -> dict[str, str]:
    """{environment: mode} of those that are guarded."""
    rows = cluster.environments.exclude(guard=Environment.Guard.OFF)
    return dict(rows.order_by("slug").values_list("slug", "guard"))


def controllers_of(cluster: Cluster) -> list[str]:
    """The operators that any guarded environment of the cluster lets through: the policies are the same for
    all of them."""
    rows = GuardState.objects.filter(environment__cluster=cluster).exclude(
        environment__guard=Environment.Guard.OFF
    )
    return sorted({name for names in rows.values_list("controllers", flat=True) for name in names})


def portal_in(cluster: Cluster) -> Identity:
    """Who the cluster takes the portal for, and hence lets through. Raises ClusterError."""
    return Metadata(cluster.connection).whoami()


def documents_for(
    modes: Modes, portal_users: Sequence[str], controllers: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The guard of a cluster: policies once, and the bindings of each mode."""
    found = {}
    for mode in IN_FORCE:
        environments = [slug for slug, chosen in modes.items() if chosen == mode]
        for document in guard_documents(environments, portal_users, mode, controllers):
            found[key_of(document)] = document
    return list(found.values())


def desired(cluster: Cluster, modes: Modes | None = None) -> list[dict[str, Any]]:
    """The documents as they belong into this cluster, which is asked who the portal is there.

    Raises ClusterError.
    """
    modes = modes_of(cluster) if modes is None else modes
    if not modes:
        return []
    return documents_for(modes, [portal_in(cluster).name], controllers_of(cluster))


def plan(cluster: Cluster) -> list[Step]:
    """What installing would change; nothing is stored. Raises ClusterError."""
    return placing.plan(Kubernetes(cluster.connection), desired(cluster), OURS)


def install(cluster: Cluster, *, actor: User | None) -> list[Step]:
    """Bring the guard to what the environments' modes say; without any that is guarded it is taken out.

    Raises ClusterError.
    """
    modes = modes_of(cluster)
    documents = desired(cluster, modes)
    steps = placing.place(Kubernetes(cluster.connection), documents, OURS)
    _remember(cluster, documents, modes, steps, actor)
    return steps


def look_for_drift(cluster: Cluster) -> list[Step]:
    """Compare the guard with what belongs there, and note what differs. Raises ClusterError."""
    steps = plan(cluster)
    _note(cluster, placing.drift_of(steps))
    return steps


def keep() -> int:
    """Bring up to date those clusters that were looked at longest ago. What somebody has changed or removed
    by hand is noted and left to people. Returns how many were changed.

    A cluster that cannot be reached is tried again in a later round.
    """
    guarded = Environment.objects.exclude(guard=Environment.Guard.OFF).values("cluster")
    concerned = Cluster.objects.filter(Q(pk__in=guarded) | ~Q(guard_digest=""))
    return sum(
        _kept(one) for one in concerned.order_by(F("guard_checked_at").asc(nulls_first=True))[:AT_ONCE]
    )


def _kept(cluster: Cluster) -> bool:
    try:
        documents = desired(cluster)
        if (digest_of(documents) if documents else "") != cluster.guard_digest:
            install(cluster, actor=None)
            return True
        if cluster.guard_checked_at is None or clock.now() - cluster.guard_checked_at > LOOK_AGAIN:
            look_for_drift(cluster)
    except SlipwayError as exc:
        log.warning("guard_not_installed", cluster=cluster.slug, message=exc.message)
        _note(cluster, exc.message)
    return False


def _note(cluster: Cluster, message: str) -> None:
    Cluster.objects.filter(pk=cluster.pk).update(guard_message=message[:500], guard_checked_at=clock.now())


@transaction.atomic
def _remember(
    cluster: Cluster,
    documents: Sequence[Mapping[str, Any]],
    modes: Modes,
    steps: Sequence[Step],
    actor: User | None,
) -> None:
    now = clock.now()
    digest = digest_of(documents) if documents else ""
    Cluster.objects.filter(pk=cluster.pk).update(guard_digest=digest, guard_message="", guard_checked_at=now)
    audited = [slug for slug, mode in modes.items() if mode == Environment.Guard.AUDIT]
    for environment in cluster.environments.filter(slug__in=audited):
        GuardState.objects.get_or_create(environment=environment)
    GuardState.objects.filter(environment__slug__in=audited, audited_at=None).update(audited_at=now)
    action = "gate.guard_installed" if documents else "gate.guard_removed"
    record(action, cluster, actor=actor, after={"modes": dict(modes), **counts(steps)})
