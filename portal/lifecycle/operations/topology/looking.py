"""A look that many share: every few seconds at most, and remembered for when the cluster is silent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache

from portal.clusters.errors import ClusterError
from portal.core import clock
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.topology import reading
from portal.lifecycle.operations.topology.graph import Topology

# however many people watch, the cluster is asked once in this time
SHARED_SECONDS = 3
REMEMBERED_SECONDS = 86_400


@dataclass(frozen=True)
class Look:
    """`topology` is as of now, or, where `unreachable` says why not, as it was when it was last seen."""

    topology: Topology
    unreachable: ClusterError | None = None


def look(instance: ServiceInstance) -> Look:
    """Never raises: what the cluster does not say is remembered, or left unknown."""
    known = recall(instance)
    if known is not None and known.seen_at is not None and _is_fresh(known):
        return Look(known)
    try:
        topology = reading.read(instance)
    except ClusterError as error:
        return Look(known or reading.sealed_only(instance), error)
    remember(instance, topology)
    return Look(topology)


def remember(instance: ServiceInstance, topology: Topology) -> None:
    cache.set(_name(instance), json.dumps(topology.as_json()), REMEMBERED_SECONDS)


def recall(instance: ServiceInstance) -> Topology | None:
    """What was last seen of the release that runs, if that was within a day."""
    text = cache.get(_name(instance))
    try:
        return Topology.from_json(json.loads(text)) if text else None
    except (KeyError, TypeError, ValueError):  # written by another version of the portal
        return None


def _is_fresh(topology: Topology) -> bool:
    age = clock.now() - (topology.seen_at or clock.now())
    return timedelta(0) <= age < timedelta(seconds=SHARED_SECONDS)


def _name(instance: ServiceInstance) -> str:
    release = instance.current_release
    return f"topology:{instance.pk}:{release.created_at.timestamp() if release else 0}"
