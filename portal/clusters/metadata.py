"""What a cluster says of objects without showing them: their metadata, and who we are there.

Metadata alone is small and holds no secret: labels, annotations, and who wrote which field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.clusters.api import NotFound, api_for
from portal.clusters.pods import selector_text
from portal.clusters.types import Connection, Document
from portal.core.objects import ObjectKey

FORM = "application/json;as={kind};g=meta.k8s.io;v=v1"
PAGE = 500


@dataclass(frozen=True)
class Identity:
    """Who the cluster takes us for."""

    name: str
    groups: tuple[str, ...] = ()

    @property
    def is_administrator(self) -> bool:
        """Whether these are credentials that a cluster gives to the people who run it."""
        return "system:masters" in self.groups


class Metadata:
    """Reads metadata from one cluster. Raises the errors of `portal.clusters.errors`."""

    def __init__(self, connection: Connection, *, timeout_seconds: float = 10) -> None:
        self._api = api_for(connection)
        self._seconds = timeout_seconds

    def whoami(self) -> Identity:
        """The user that the connection's own credentials belong to (SelfSubjectReview)."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        answer = self._api.json("POST", path, seconds=self._seconds, identity={}, body=body)
        user = (answer.get("status") or {}).get("userInfo") or {}
        return Identity(str(user.get("username") or ""), tuple(user.get("groups") or ()))

    def of(self, key: ObjectKey) -> Document | None:
        """One object's; None when there is no such object, or no such kind."""
        resource = self._api.discovery.resource(key.api_version, key.kind)
        if resource is None:
            return None
        try:
            found = self._get(resource.path(key.namespace, key.name), "PartialObjectMetadata", {})
        except NotFound:
            return None
        return {**found, "apiVersion": key.api_version, "kind": key.kind}

    def listed(
        self, api_version: str, kind: str, namespace: str, labels: Mapping[str, str]
    ) -> Iterator[Document]:
        """Of all objects of a kind with these labels in a namespace, page by page."""
        resource = self._api.discovery.resource(api_version, kind)
        query: dict[str, str | int] = {"labelSelector": selector_text(labels), "limit": PAGE}
        while resource is not None:
            answer = self._get(resource.path(namespace), "PartialObjectMetadataList", query)
            for item in answer.get("items") or ():
                yield {**item, "apiVersion": api_version, "kind": kind}
            more = (answer.get("metadata") or {}).get("continue")
            if not more:
                return
            query["continue"] = more

    def _get(self, path: str, kind: str, query: Mapping[str, Any]) -> Document:
        return self._api.json(
            "GET", path, seconds=self._seconds, identity={}, query=query, accept=FORM.format(kind=kind)
        )
