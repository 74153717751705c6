"""Reading whole kinds of one namespace at once: what stands around a release, made by controllers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from portal.clusters.api import Api, api_for, identity_of
from portal.clusters.discovery import Resource
from portal.clusters.errors import ClusterForbidden
from portal.clusters.types import Connection, Document

Kind = tuple[str, str]  # apiVersion, kind

PAGE = 500
MOST = 2_000  # of one kind; what is beyond it is not read
CONCURRENT = 6


@dataclass(frozen=True)
class Surroundings:
    """`documents` carry apiVersion and kind. `unread` names kinds that we may not list, `cut` those of which
    there are more than are read."""

    documents: tuple[Document, ...]
    unread: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()


def read(
    connection: Connection, namespace: str, kinds: Sequence[Kind], *, seconds: float = 10
) -> Surroundings:
    """All objects of these kinds; a kind that the cluster does not serve has none. `seconds` bound each
    request. Raises the errors of `portal.clusters.errors`."""
    api = api_for(connection)
    resources = [found for kind in kinds if (found := api.discovery.resource(*kind)) is not None]
    reader = _Reader(api, connection, namespace, seconds)
    if len(resources) < 2:
        read_ = [reader.all(resource) for resource in resources]
    else:
        with ThreadPoolExecutor(min(CONCURRENT, len(resources))) as pool:
            read_ = list(pool.map(reader.all, resources))
    pairs = list(zip(resources, read_, strict=True))
    return Surroundings(
        documents=tuple(document for _, found in pairs for document in (found or ())[:MOST]),
        unread=tuple(resource.kind for resource, found in pairs if found is None),
        cut=tuple(resource.kind for resource, found in pairs if found is not None and len(found) > MOST),
    )


@dataclass(frozen=True)
class _Reader:
    api: Api
    connection: Connection
    namespace: str
    seconds: float

    def all(self, resource: Resource) -> list[Document] | None:
        """None where we may not look; one more than MOST where there are more."""
        found: list[Document] = []
        try:
            for document in self._pages(resource):
                found.append(document)
                if len(found) > MOST:
                    break
        except ClusterForbidden:
            return None
        return found

    def _pages(self, resource: Resource) -> Iterator[Document]:
        query: dict[str, str | int] = {"limit": PAGE}
        while True:
            answer = self.api.json(
                "GET",
                resource.path(self.namespace),
                seconds=self.seconds,
                identity=identity_of(self.connection),
                query=query,
            )
            for item in answer.get("items") or ():
                yield {**item, "apiVersion": resource.api_version, "kind": resource.kind}
            following = (answer.get("metadata") or {}).get("continue")
            if not following:
                return
            query["continue"] = following
