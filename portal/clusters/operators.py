"""When is a custom resource ready whose operator says so in its own way? For `portal.clusters.readiness`.

Sources: Strimzi's `StatusUtils` and `BatchingTopicController` (conditions Ready and NotReady, and what no
retry mends); COSI's types, v1alpha1 (`bucketReady`, `accessGranted`) and v1alpha2 (`readyToUse`, `error`);
the Gateway API's RouteParentStatus, v1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from portal.clusters.findings import Finding, Live, condition, holds, mapping, said

# what Strimzi's topic operator says of a wish that it never grants
HOPELESS = {"NotSupported", "ResourceConflict"}


def _strimzi(live: Live) -> Finding:
    """Without a word of its operator it is not ready: there may be none for its namespace or its cluster."""
    if wrong := holds(live, "NotReady"):
        return "working", said(wrong, "is not ready")
    ready = condition(live, "Ready")
    if ready is None:
        return (
            "working",
            "no operator has looked at it yet: is there one for this namespace and Kafka cluster?",
        )
    if ready.get("status") == "True":
        return "ready", said(ready, "is ready")
    return "failed" if ready.get("reason") in HOPELESS else "working", said(ready, "is not ready yet")


def _bucket(live: Live, *, field: str, done: str, waits: str) -> Finding:
    status = mapping(live, "status")
    if status.get(field) is True or status.get("readyToUse") is True:
        return "ready", done
    return "working", said(mapping(status, "error"), waits)


def _route(live: Live) -> Finding:
    """Each Gateway that takes the route up says so in an entry of its own."""
    entries = mapping(live, "status").get("parents")
    parents = [each for each in entries if isinstance(each, Mapping)] if isinstance(entries, list) else []
    if not parents:
        return "working", "no Gateway has taken it up yet"
    generation = mapping(live, "metadata").get("generation")
    for parent in parents:
        for kind in ("Accepted", "ResolvedRefs"):
            found = condition({"status": parent}, kind)
            if found is None or found.get("observedGeneration", generation) != generation:
                return "working", "its Gateway has not looked at the change yet"
            if found.get("status") != "True":
                return "working", said(found, "is not accepted yet")
    return "ready", "is accepted by its Gateway"


OPERATORS: Mapping[tuple[str, str], Callable[[Live], Finding]] = {
    ("gateway.networking.k8s.io", "HTTPRoute"): _route,
    ("kafka.strimzi.io", "KafkaTopic"): _strimzi,
    ("kafka.strimzi.io", "KafkaUser"): _strimzi,
    ("objectstorage.k8s.io", "BucketClaim"): partial(
        _bucket, field="bucketReady", done="has its bucket", waits="waits for its bucket"
    ),
    ("objectstorage.k8s.io", "BucketAccess"): partial(
        _bucket, field="accessGranted", done="has its credentials", waits="waits for its credentials"
    ),
}
