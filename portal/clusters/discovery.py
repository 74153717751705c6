"""Which kinds a cluster serves, and under which path: aggregated discovery, two requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from portal.clusters.errors import ClusterRefused
from portal.core.objects import ObjectKey

# a kind that a CRD brought since is looked for again at once, but not more often than this
STALE_SECONDS = 300.0
SECONDS_BETWEEN_MISSES = 1.0
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"

Fetch = Callable[[str, str], dict[str, Any]]


@dataclass(frozen=True)
class Resource:
    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str = "") -> str:
        root = "/apis/" if "/" in self.api_version else "/api/"
        where = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{root}{self.api_version}{where}/{self.plural}{'/' + quote(name, safe='') if name else ''}"


class Discovery:
    """Cached; thread-safe. `fetch(path, accept)` asks the cluster."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._resources: dict[tuple[str, str], Resource] = {}
        self._loaded = -STALE_SECONDS

    def resource(self, api_version: str, kind: str) -> Resource | None:
        """None for a kind that the cluster does not serve (yet)."""
        resources = self._current(STALE_SECONDS)
        if (api_version, kind) not in resources:
            resources = self._current(SECONDS_BETWEEN_MISSES)
        return resources.get((api_version, kind))

    def resources(self) -> list[Resource]:
        """All of them, asked for anew."""
        return list(self._current(SECONDS_BETWEEN_MISSES).values())

    def key(self, key: ObjectKey, default_namespace: str) -> ObjectKey:
        """The key with its namespace as the API server will have it."""
        resource = self.resource(key.api_version, key.kind)
        namespaced = resource is None or resource.namespaced
        namespace = (key.namespace or default_namespace) if namespaced else ""
        return ObjectKey(key.api_version, key.kind, namespace, key.name)

    def _current(self, oldest: float) -> dict[tuple[str, str], Resource]:
        with self._lock:
            if time.monotonic() - self._loaded > oldest:
                found = [*self._list("/api"), *self._list("/apis")]
                self._resources = {(one.api_version, one.kind): one for one in found}
                self._loaded = time.monotonic()
            return self._resources

    def _list(self, path: str) -> Iterator[Resource]:
        answer = self._fetch(path, AGGREGATED)
        if answer.get("kind") != "APIGroupDiscoveryList":
            raise ClusterRefused(
                "The cluster has no aggregated discovery. Kubernetes 1.30 or newer is needed."
            )
        for group in answer.get("items") or ():
            name = group.get("metadata", {}).get("name") or ""
            for version in group.get("versions") or ():
                api_version = f"{name}/{version['version']}" if name else version["version"]
                for found in version.get("resources") or ():
                    if resource := _resource(api_version, found):
                        yield resource


def _resource(api_version: str, found: dict[str, Any]) -> Resource | None:
    kind = (found.get("responseKind") or {}).get("kind")
    if not kind:
        return None
    return Resource(api_version, kind, found["resource"], found.get("scope") == "Namespaced")
