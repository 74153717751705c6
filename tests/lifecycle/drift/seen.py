"""The cluster as people beside the portal see and change it, and how the portal sees it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from portal.clusters.listing import Listing
from portal.clusters.types import Connection
from portal.core.objects import ObjectKey
from portal.lifecycle.models import DriftItem, DriftReport, ServiceInstance
from portal.lifecycle.operations.drift import scanning, subjects

FAULTS = "/sandbox/faults"
COUNTED = 1_000_000
JSON_PATCH = "application/json-patch+json"


@dataclass
class Counted:
    requests: int = 0


@dataclass
class Cluster:
    sandbox: Any
    connection: Connection

    @property
    def listing(self) -> Listing:
        return Listing(self.connection, before=lambda: None)

    def path(self, key: ObjectKey) -> str:
        resource = self.listing.resource(key.api_version, key.kind)
        assert resource is not None, key
        return resource.path(key.namespace, key.name)

    def get(self, key: ObjectKey) -> dict[str, Any]:
        return self.sandbox.request("GET", self.path(key)).body

    def patch(self, key: ObjectKey, operations: list[dict[str, Any]], manager: str = "kubectl-edit") -> Any:
        path = f"{self.path(key)}?fieldManager={manager}"
        return self.sandbox.request("PATCH", path, operations, content_type=JSON_PATCH)

    def create(self, document: dict[str, Any], manager: str = "kubectl-create") -> None:
        metadata = document["metadata"]
        key = ObjectKey(document["apiVersion"], document["kind"], metadata.get("namespace", ""), "")
        answer = self.sandbox.request(
            "POST", f"{self.path(key).rstrip('/')}?fieldManager={manager}", document
        )
        assert answer.status == 201, answer.body

    def delete(self, key: ObjectKey) -> None:
        assert self.sandbox.request("DELETE", self.path(key)).status < 300

    def keys(self, instance: ServiceInstance) -> list[ObjectKey]:
        """Of all that its release sealed to stay."""
        (subject,) = subjects.of([instance], self.listing)
        return sorted(subject.sealed)

    @contextmanager
    def counting(self, paths: str = "", *methods: str) -> Iterator[Counted]:
        """How many requests reached the API server, as it tells itself."""
        said = {"latencySeconds": 0, "paths": paths, "methods": list(methods), "count": COUNTED}
        assert self.sandbox.request("PUT", FAULTS, said).status == 200
        counted = Counted()
        try:
            yield counted
        finally:
            counted.requests = COUNTED - self.sandbox.request("GET", FAULTS).body["count"]
            self.sandbox.request("DELETE", FAULTS)


def scan(instance: ServiceInstance) -> DriftReport:
    return scanning.scan(ServiceInstance.objects.get(pk=instance.pk))


def items(instance: ServiceInstance) -> list[DriftItem]:
    return list(DriftItem.objects.current().filter(instance=instance).order_by("pk"))


def shown(instance: ServiceInstance) -> list[str]:
    """What differs, one line each, for a test's message."""
    return [
        f"{item} {item.how}: {item.sealed!r} -> {item.live!r} by {item.manager}" for item in items(instance)
    ]
