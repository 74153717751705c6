"""Reading a cluster, and the few things that the portal writes to it without helm."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from portal.clusters.api import Api, NotFound, api_for, identity_of
from portal.clusters.discovery import Discovery, Resource
from portal.clusters.errors import ClusterConflict, ClusterForbidden, ClusterRefused
from portal.clusters.manifests import is_hook
from portal.clusters.pods import Selector, event_of, log_line_of, pod_of, selector_text, trouble_of_pods
from portal.clusters.readiness import status_of
from portal.clusters.types import (
    Capabilities,
    ClusterInfo,
    Connection,
    Document,
    Event,
    LogLine,
    ObjectStatus,
    Pod,
)
from portal.core.objects import ObjectKey, key_of

T = TypeVar("T")
R = TypeVar("R")

CONCURRENT = 8
FIRST_POLL_SECONDS, LAST_POLL_SECONDS = 0.015, 0.25
APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
MOST_LOG_BYTES = 1024 * 1024


class Kubernetes:
    """One cluster as one identity; cheap to build, safe to share between threads.

    Everything raises the errors of `portal.clusters.errors`. `timeout_seconds` bounds each request; an
    address that does not answer is given up after 3 s. `namespace` is where documents without one belong.
    """

    def __init__(self, connection: Connection, *, timeout_seconds: float = 10) -> None:
        self._api: Api = api_for(connection)
        self._discovery: Discovery = self._api.discovery
        self._seconds = timeout_seconds
        self._identity = identity_of(connection)

    # the cluster itself

    def ping(self) -> ClusterInfo:
        """Version and size; `node_count` is None for those who may not list nodes."""
        version = self._version()
        try:
            answer = self._json("GET", "/api/v1/nodes", query={"limit": 1})
        except ClusterForbidden:
            return ClusterInfo(version, None)
        more = (answer.get("metadata") or {}).get("remainingItemCount") or 0
        return ClusterInfo(version, len(answer.get("items") or ()) + more)

    def capabilities(self) -> Capabilities:
        """What helm's `.Capabilities` would hold here, sorted."""
        versions: set[str] = set()
        for resource in self._discovery.resources():
            versions |= {resource.api_version, f"{resource.api_version}/{resource.kind}"}
        return Capabilities(self._version(), tuple(sorted(versions)))

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether the cluster has such a kind; what it did not have a moment ago is asked for again."""
        return self._discovery.resource(api_version, kind) is not None

    # objects

    def get(self, key: ObjectKey) -> Document | None:
        """None when there is no such object, or no such kind."""
        resource = self._discovery.resource(key.api_version, key.kind)
        if resource is None:
            return None
        return self._found(resource.path(key.namespace, key.name))

    def live(
        self, documents: Iterable[Mapping[str, Any]], *, namespace: str = ""
    ) -> dict[ObjectKey, Document | None]:
        """What the cluster has of each document, in order; keys carry the namespace that was looked in."""
        keys = [self._discovery.key(key_of(document), namespace) for document in documents]
        return dict(zip(keys, self._all(self.get, keys), strict=True))

    def statuses(self, documents: Iterable[Mapping[str, Any]], *, namespace: str = "") -> list[ObjectStatus]:
        """The state of each document; hooks are left out, since they come and go. A workload that is not
        ready also says what is wrong with its pods."""
        return [self._explained(status, live) for status, live in self._look(_standing(documents), namespace)]

    def watch_until_settled(
        self, documents: Iterable[Mapping[str, Any]], *, seconds: float, namespace: str = ""
    ) -> list[ObjectStatus]:
        """`statuses` as soon as all are ready or one has failed, else when `seconds` are over."""
        wanted = _standing(documents)
        deadline = time.monotonic() + seconds
        pause = FIRST_POLL_SECONDS
        seen: dict[int, tuple[ObjectStatus, Document | None]] = {}
        open_ = list(range(len(wanted)))
        while open_:
            looked = self._look([wanted[index] for index in open_], namespace)
            seen.update(zip(open_, looked, strict=True))
            open_ = [index for index in open_ if seen[index][0].state != "ready"]
            left = deadline - time.monotonic()
            if not open_ or left <= 0 or any(status.state == "failed" for status, _ in looked):
                break
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, LAST_POLL_SECONDS)
        return [self._explained(*seen[index]) for index in range(len(wanted))]

    def dry_run_apply(
        self, document: Mapping[str, Any], field_manager: str, *, namespace: str = ""
    ) -> Document:
        """What the object would become if `document` were applied by server-side apply; nothing is stored."""
        return self._apply(document, namespace, {"dryRun": "All", "fieldManager": field_manager})

    def apply(self, document: Mapping[str, Any], field_manager: str, *, namespace: str = "") -> Document:
        """Server-side apply; takes over fields of others that `document` names."""
        return self._apply(document, namespace, {"fieldManager": field_manager})

    def patch(self, key: ObjectKey, operations: Sequence[Mapping[str, Any]], field_manager: str) -> Document:
        """A JSON patch (RFC 6902): all of it or nothing. ClusterRefused where one of its tests fails."""
        path = self._resource(key).path(key.namespace, key.name)
        query = {"fieldManager": field_manager}
        return self._json("PATCH", path, query=query, body=list(operations), content_type=JSON_PATCH)

    def labelled(self, api_version: str, kind: str, labels: Mapping[str, str]) -> list[Document]:
        """All objects of a kind that carry these labels, in every namespace; [] where the kind is unknown."""
        resource = self._discovery.resource(api_version, kind)
        if resource is None:
            return []
        query: dict[str, str | int] = {"labelSelector": selector_text(labels)}
        items = self._json("GET", resource.path("", ""), query=query).get("items") or []
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def delete(self, key: ObjectKey) -> None:
        """Nothing happens when it is gone already."""
        try:
            self._json("DELETE", self._resource(key).path(key.namespace, key.name))
        except NotFound:
            return

    # namespaces

    def namespace(self, name: str) -> Document | None:
        return self._found(f"/api/v1/namespaces/{name}")

    def ensure_namespace(self, name: str, labels: Mapping[str, str]) -> Document:
        """The namespace, created or its labels completed; labels of others stay."""
        found = self.namespace(name)
        if found is None:
            metadata = {"name": name, "labels": dict(labels)}
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
            try:
                return self._json("POST", "/api/v1/namespaces", body=body)
            except ClusterConflict:  # somebody else was first
                found = self.namespace(name) or {}
        has = (found.get("metadata") or {}).get("labels") or {}
        if all(has.get(key) == value for key, value in labels.items()):
            return found
        body = {"metadata": {"labels": dict(labels)}}
        return self._json("PATCH", f"/api/v1/namespaces/{name}", body=body, content_type=MERGE)

    # pods

    def pods(self, namespace: str, selector: Selector = "") -> list[Pod]:
        """`selector` is a label selector's text, or matchLabels."""
        return [pod_of(pod) for pod in self._pods(namespace, selector_text(selector))]

    def logs(self, namespace: str, pod: str, container: str | None = None, tail: int = 200) -> list[LogLine]:
        """The last lines, at most 1 MiB, by default of the first container. [] before it has started."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}"
        if container is None:
            found = self._found(path)
            if found is None:
                return []
            container = str(found["spec"]["containers"][0]["name"])
        query: dict[str, str | int] = {"container": container, "tailLines": tail, "timestamps": "true"}
        query["limitBytes"] = MOST_LOG_BYTES
        try:
            text = self._text(f"{path}/log", query=query)
        except NotFound:
            return []
        except ClusterRefused as exc:
            if "waiting to start" in exc.message or "is terminated" in exc.message:
                return []
            raise
        return [log_line_of(line, container) for line in text.splitlines()]

    def events(self, namespace: str, limit: int = 50) -> list[Event]:
        """Newest first."""
        answer = self._json("GET", f"/api/v1/namespaces/{namespace}/events", query={"limit": 500})
        found = [event_of(event) for event in answer.get("items") or ()]
        return sorted(
            found, key=lambda event: event.last_seen.timestamp() if event.last_seen else 0, reverse=True
        )[:limit]

    # how

    def _apply(self, document: Mapping[str, Any], namespace: str, query: dict[str, str]) -> Document:
        key = self._discovery.key(key_of(document), namespace)
        path = self._resource(key).path(key.namespace, key.name)
        body = json.dumps(document)
        return self._json("PATCH", path, query={**query, "force": "true"}, body=body, content_type=APPLY)

    def _look(
        self, documents: Sequence[Mapping[str, Any]], namespace: str
    ) -> list[tuple[ObjectStatus, Document | None]]:
        keys = [self._discovery.key(key_of(document), namespace) for document in documents]
        found = []
        for key, live in zip(keys, self._all(self.get, keys), strict=True):
            status = status_of(
                live, {**key.as_dict(), "metadata": key.as_dict()}, binds_late=self._binds_late(key, live)
            )
            found.append((status, live))
        return found

    def _binds_late(self, key: ObjectKey, live: Document | None) -> bool:
        if (
            key.kind != "PersistentVolumeClaim"
            or not live
            or (live.get("status") or {}).get("phase") != "Pending"
        ):
            return False
        name = (live.get("spec") or {}).get("storageClassName")
        try:
            found = self._found(f"/apis/storage.k8s.io/v1/storageclasses/{name}") if name else None
        except ClusterForbidden:
            return False
        return bool(found) and (found or {}).get("volumeBindingMode") == "WaitForFirstConsumer"

    def _explained(self, status: ObjectStatus, live: Document | None) -> ObjectStatus:
        selector = ((live or {}).get("spec") or {}).get("selector")
        labels = selector.get("matchLabels") if isinstance(selector, dict) else None
        if status.state not in ("working", "failed") or not labels:
            return status
        try:
            trouble = trouble_of_pods(self._pods(status.key.namespace, selector_text(labels)))
        except ClusterForbidden:
            trouble = ""
        message = f"{status.message}; {trouble}" if trouble else status.message
        return ObjectStatus(status.key, status.state, message)

    def _pods(self, namespace: str, selector: str) -> list[Document]:
        query: dict[str, str | int] = {"limit": 500, "labelSelector": selector}
        found: list[Document] = (
            self._json("GET", f"/api/v1/namespaces/{namespace}/pods", query=query)["items"] or []
        )
        return found

    def _resource(self, key: ObjectKey) -> Resource:
        resource = self._discovery.resource(key.api_version, key.kind)
        if resource is None:
            raise ClusterRefused(f"The cluster has no kind {key.kind} in {key.api_version}.")
        return resource

    def _version(self) -> str:
        return str(self._json("GET", "/version").get("gitVersion") or "")

    def _found(self, path: str) -> Document | None:
        try:
            return self._json("GET", path)
        except NotFound:
            return None

    def _json(self, method: str, path: str, **more: Any) -> Document:
        return self._api.json(method, path, seconds=self._seconds, identity=self._identity, **more)

    def _text(self, path: str, **more: Any) -> str:
        content = self._api.request(
            "GET", path, seconds=self._seconds, identity=self._identity, accept="*/*", **more
        )
        return content.decode(errors="replace")

    @staticmethod
    def _all(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """In parallel, in order; the first error wins."""
        if len(items) < 2:
            return [work(item) for item in items]
        with ThreadPoolExecutor(min(CONCURRENT, len(items))) as pool:
            return list(pool.map(work, items))


def _standing(documents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [document for document in documents if not is_hook(document)]
