"""Keeping the policies installed in clusters: applied server-side, old ones of ours removed, drift
reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import structlog
from django.db import transaction

from portal.accounts.models import User
from portal.audit.recording import record
from portal.clusters.errors import ClusterError, ClusterUnreachable
from portal.clusters.kubernetes import Kubernetes
from portal.core import clock
from portal.core.digests import digest_of
from portal.core.errors import SlipwayError
from portal.core.objects import ObjectKey, key_of
from portal.environments.models import Cluster
from portal.lifecycle.operations import waivers
from portal.lifecycle.selectors import bundle
from portal.policy.documents import API_GROUP, BINDING_KIND, POLICY_KIND

log = structlog.get_logger(__name__)

MANAGER = "slipway-policies"
CONCURRENT = 8
PATIENCE_SECONDS = 30
LOOK_AGAIN = timedelta(minutes=10)
LABELS = {"app.kubernetes.io/managed-by": "slipway", "app.kubernetes.io/part-of": "slipway-policies"}
API_VERSION = f"{API_GROUP}/v1"
# what the server writes by itself, which is no drift
OF_THE_SERVER = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp")
Action = Literal["create", "change", "same", "remove"]


@dataclass(frozen=True)
class Step:
    """One object, and what installing would do with it."""

    action: Action
    key: ObjectKey


def desired(cluster: Cluster) -> list[dict[str, Any]]:
    """The documents as they belong into this cluster: labelled as ours, with the exceptions that count
    there."""
    documents = bundle.current().installable(waivers.in_cluster(cluster))
    return [_labelled(document) for document in documents]


def plan(cluster: Cluster) -> list[Step]:
    """What installing would change; nothing is stored. On a cluster that has the policies, this is the drift.

    Takes half a minute at the most. Raises ClusterError, PolicyInvalid.
    """
    kubernetes = Kubernetes(cluster.connection)
    documents = desired(cluster)
    live = kubernetes.live(documents)
    actions = _actions(kubernetes, list(zip(documents, live.values(), strict=True)))
    steps = [Step(action, key) for action, key in zip(actions, live, strict=True)]
    return [*steps, *(Step("remove", key) for key in _superfluous(kubernetes, live))]


def install(cluster: Cluster, *, actor: User | None) -> list[Step]:
    """Apply what belongs there and remove what we once put there and belongs there no more.

    Params come first and bindings last, so that no policy is ever in force without what it needs; what is
    removed goes the other way round. Raises ClusterError, PolicyInvalid.
    """
    kubernetes = Kubernetes(cluster.connection)
    documents = desired(cluster)
    steps = plan(cluster)
    for namespace in sorted({key_of(document).namespace for document in documents} - {""}):
        kubernetes.ensure_namespace(namespace, {})
    acting = {step.key for step in steps if step.action in ("create", "change")}
    _apply(kubernetes, [document for document in documents if key_of(document) in acting])
    for step in steps:
        if step.action == "remove":
            kubernetes.delete(step.key)
    _remember(cluster, documents, steps, actor)
    return steps


def look_for_drift(cluster: Cluster) -> list[Step]:
    """Compare a cluster that has the policies with what belongs there, and note what differs. Raises as
    `plan`."""
    steps = plan(cluster)
    different = sum(step.action != "same" for step in steps)
    said = f"{different} of {len(steps)} objects differ from what belongs here." if different else ""
    Cluster.objects.filter(pk=cluster.pk).update(policies_message=said, policies_checked_at=clock.now())
    return steps


def uninstall(cluster: Cluster, *, actor: User | None) -> list[Step]:
    """Remove all that we put there. Raises ClusterError."""
    kubernetes = Kubernetes(cluster.connection)
    steps = [Step("remove", key) for key in _superfluous(kubernetes, ())]
    for step in steps:
        kubernetes.delete(step.key)
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


def counts(steps: Iterable[Step]) -> dict[str, int]:
    """How many objects each action is about."""
    found = [step.action for step in steps]
    return {action: found.count(action) for action in ("create", "change", "same", "remove")}


def _apply(kubernetes: Kubernetes, documents: Sequence[Mapping[str, Any]]) -> None:
    """All at once what does not need each other: params, then policies, then bindings."""
    order = (lambda kind: kind not in (POLICY_KIND, BINDING_KIND), POLICY_KIND.__eq__, BINDING_KIND.__eq__)
    with ThreadPoolExecutor(CONCURRENT) as pool:
        for belongs in order:
            group = [document for document in documents if belongs(document["kind"])]
            list(pool.map(lambda document: kubernetes.apply(document, MANAGER), group))


def _labelled(document: Mapping[str, Any]) -> dict[str, Any]:
    metadata = document.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), **LABELS}
    return {**document, "metadata": {**metadata, "labels": labels}}


def _actions(
    kubernetes: Kubernetes, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]]
) -> list[Action]:
    """What is to be done with each document, beside what the cluster has of it."""
    with ThreadPoolExecutor(CONCURRENT) as pool:
        try:
            return list(pool.map(lambda pair: _action(kubernetes, *pair), pairs, timeout=PATIENCE_SECONDS))
        except TimeoutError as exc:
            raise ClusterUnreachable(
                f"The cluster took more than {PATIENCE_SECONDS} s to say what it has of {len(pairs)} objects."
                " Try again when it has less to do."
            ) from exc


def _action(kubernetes: Kubernetes, document: Mapping[str, Any], live: Mapping[str, Any] | None) -> Action:
    if live is None:
        return "create"
    try:
        applied = kubernetes.dry_run_apply(document, MANAGER)
    except ClusterError:
        return "change"  # applying will say why it cannot be
    return "same" if _own(applied) == _own(live) else "change"


def _own(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without what the server writes."""
    metadata = {k: v for k, v in (document.get("metadata") or {}).items() if k not in OF_THE_SERVER}
    return {**{k: v for k, v in document.items() if k != "status"}, "metadata": metadata}


def _superfluous(kubernetes: Kubernetes, wanted: Iterable[ObjectKey]) -> list[ObjectKey]:
    """Objects that carry our labels and do not belong there: bindings first, params last."""
    keep = set(wanted)
    kinds = ((API_VERSION, BINDING_KIND), (API_VERSION, POLICY_KIND), ("v1", "ConfigMap"))
    found = [
        key_of(document)
        for api_version, kind in kinds
        for document in kubernetes.labelled(api_version, kind, LABELS)
    ]
    return [key for key in found if key not in keep]


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
