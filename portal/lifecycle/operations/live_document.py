"""One object of an instance as its cluster has it now, secrets masked, and what was reported of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.clusters.errors import ClusterError
from portal.clusters.kubernetes import Kubernetes
from portal.core.masking import mask_secrets
from portal.core.objects import ObjectKey
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations import object_events, secrets
from portal.lifecycle.operations.object_events import ObjectEvent
from portal.lifecycle.operations.observation import namespaced
from portal.lifecycle.operations.topology import reading

# what nobody reads
NOISE = ("managedFields",)


def read(instance: ServiceInstance, key: ObjectKey) -> dict[str, Any]:
    """`document` and `events`, or why not: `silent`. A sealed object is shown as sealed where the cluster is
    silent or lacks it (`is_sealed`)."""
    try:
        cluster = Kubernetes(instance.environment.cluster.connection, timeout_seconds=reading.SECONDS)
        live = cluster.get(key)
        events: list[ObjectEvent] = object_events.about(object_events.read(instance), key)
    except ClusterError as error:
        return {"document": _sealed(instance, key), "is_sealed": True, "events": [], "silent": error}
    if live is None:
        return {"document": _sealed(instance, key), "is_sealed": True, "events": events}
    return {"document": shown(live), "is_sealed": False, "events": events}


def shown(live: Mapping[str, Any]) -> dict[str, Any]:
    """Secrets are fingerprints; whatever else looks like one is masked."""
    masked = secrets.masked([live])[0]
    metadata = {name: value for name, value in masked["metadata"].items() if name not in NOISE}
    found: dict[str, Any] = mask_secrets({**masked, "metadata": metadata})
    return found


def _sealed(instance: ServiceInstance, key: ObjectKey) -> dict[str, Any] | None:
    release = instance.current_release
    for document in namespaced(release.objects_masked, instance) if release else ():
        if (document["kind"], document["metadata"]["name"]) == (key.kind, key.name):
            return document
    return None
