"""Reading many objects of one cluster with few requests, page by page, no faster than is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from portal.clusters.api import NotFound, api_for
from portal.clusters.discovery import Resource
from portal.clusters.errors import ClusterRefused
from portal.clusters.types import Connection, Document
from portal.core.objects import ObjectKey

METADATA = "application/json;as={kind};g=meta.k8s.io;v=v1"
JSON = "application/json"
PAGE = 500
GONE = 410  # what was listed so far is too old to go on from


class Listing:
    """One cluster as the portal itself. `before` is called ahead of each request: it may wait.

    Raises the errors of `portal.clusters.errors`. Safe to share between threads when `before` is.
    """

    def __init__(
        self, connection: Connection, *, before: Callable[[], None], timeout_seconds: float = 10
    ) -> None:
        self._api = api_for(connection)
        self._before = before
        self._seconds = timeout_seconds

    def resource(self, api_version: str, kind: str) -> Resource | None:
        """None where the cluster does not serve the kind."""
        return self._api.discovery.resource(api_version, kind)

    def key(self, key: ObjectKey, default_namespace: str) -> ObjectKey:
        """The key with its namespace as the API server will have it."""
        return self._api.discovery.key(key, default_namespace)

    def all(
        self, resource: Resource, namespace: str = "", *, selector: str = "", only_metadata: bool
    ) -> list[Document]:
        """In one namespace, or in all of them. Begins anew, once, when the cluster forgot where it was."""
        try:
            return list(self._pages(resource, namespace, selector, only_metadata))
        except ClusterRefused as exc:
            if exc.details.get("status") != GONE:
                raise
        return list(self._pages(resource, namespace, selector, only_metadata))

    def one(self, key: ObjectKey, *, only_metadata: bool) -> Document | None:
        """None when there is no such object, or no such kind."""
        resource = self.resource(key.api_version, key.kind)
        if resource is None:
            return None
        form = METADATA.format(kind="PartialObjectMetadata") if only_metadata else JSON
        try:
            found = self._get(resource.path(key.namespace, key.name), {}, form)
        except NotFound:
            return None
        return {**found, "apiVersion": key.api_version, "kind": key.kind}

    def _pages(
        self, resource: Resource, namespace: str, selector: str, only_metadata: bool
    ) -> Iterator[Document]:
        form = METADATA.format(kind="PartialObjectMetadataList") if only_metadata else JSON
        query: dict[str, str | int] = {"limit": PAGE}
        if selector:
            query["labelSelector"] = selector
        while True:
            answer = self._get(resource.path(namespace), query, form)
            for item in answer.get("items") or ():
                yield {**item, "apiVersion": resource.api_version, "kind": resource.kind}
            more = (answer.get("metadata") or {}).get("continue")
            if not more:
                return
            query["continue"] = more

    def _get(self, path: str, query: dict[str, str | int], form: str) -> dict[str, Any]:
        self._before()
        return self._api.json("GET", path, seconds=self._seconds, identity={}, query=query, accept=form)
