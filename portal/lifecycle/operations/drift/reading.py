"""What a cluster has in the places of some instances: metadata of all, the whole of what may differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from portal.clusters.discovery import Resource
from portal.clusters.errors import ClusterForbidden
from portal.clusters.listing import Listing
from portal.clusters.types import Document
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.operations.drift.foreign import GOVERNING, INSTANCE
from portal.lifecycle.operations.drift.subjects import Subject
from portal.lifecycle.operations.drift.trying import MANAGED_BY

T = TypeVar("T")
R = TypeVar("R")

CONCURRENT = 4
# with more namespaces than this, a kind is listed in the whole cluster at once
MOST_NAMESPACES = 4
# of a kind in one namespace: as many single reads cost what a list costs
MOST_SINGLE = 2
HELMS = f"{MANAGED_BY}=Helm"
NOT_HELMS = f"{INSTANCE},{MANAGED_BY}!=Helm"
AUTOSCALERS = ("autoscaling", "HorizontalPodAutoscaler")
# where something foreign is looked for
KINDS = (
    *(("v1", kind) for kind in ("Pod", "Service", "ConfigMap", "Secret", "ServiceAccount")),
    *(("v1", kind) for kind in ("PersistentVolumeClaim", "ResourceQuota", "LimitRange")),
    *(("apps/v1", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet")),
    *(("batch/v1", kind) for kind in ("Job", "CronJob")),
    *(("networking.k8s.io/v1", kind) for kind in ("Ingress", "NetworkPolicy")),
    *(("rbac.authorization.k8s.io/v1", kind) for kind in ("Role", "RoleBinding")),
    ("policy/v1", "PodDisruptionBudget"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
)


class Reading:
    """One look at one cluster. `is_new`: most of it was never seen, so that all of it is wanted anyway.

    Raises the errors of `portal.clusters.errors`.
    """

    def __init__(self, listing: Listing, subjects: Sequence[Subject], *, is_new: bool) -> None:
        self._listing = listing
        self._is_new = is_new
        self._read: dict[ObjectKey, Document] = {}
        self._namespaces = {subject.instance.namespace for subject in subjects}
        self._namespaces |= {key.namespace for subject in subjects for key in subject.sealed if key.namespace}
        self._sealed = {key for subject in subjects for key in subject.sealed}
        self._sealed_kinds = {(key.api_version, key.kind) for key in self._sealed}
        self._is_wide = len(self._namespaces) > MOST_NAMESPACES
        self._resources = {
            kind: resource for kind in self._kinds() if (resource := listing.resource(*kind)) is not None
        }

    def metadata(self) -> dict[ObjectKey, Document]:
        """Of all that is sealed and all that may be foreign; autoscalers as a whole, for they write down in
        their status what they do, and never in a generation what people want of them."""
        lists = [
            (resource, namespace, selector)
            for kind, resource in self._resources.items()
            for namespace, selector in self._selections(kind, resource)
        ]
        found = {
            key_of(document): document
            for documents in all_of(self._listed, lists)
            for document in documents
            if not key_of(document).namespace or key_of(document).namespace in self._namespaces
        }
        missing = sorted(self._sealed - set(found))
        return found | self._single(missing, only_metadata=True)

    def whole(self, keys: Collection[ObjectKey]) -> dict[ObjectKey, Document]:
        """These objects, as they are now; without those that are gone."""
        known = {key: self._read[key] for key in keys if key in self._read}
        keys = [key for key in keys if key not in known]
        wanted = set(keys)
        lists, single = self._grouped(keys)
        found = {
            key_of(document): document
            for documents in all_of(self._whole_list, lists)
            for document in documents
            if key_of(document) in wanted
        }
        single += [key for key in keys if key not in found and key not in single]
        return known | found | self._single(single, only_metadata=False)

    def _kinds(self) -> list[tuple[str, str]]:
        """By the version that a release names, where one does."""
        groups = {_group(kind) for kind in self._sealed_kinds}
        return sorted(self._sealed_kinds | {kind for kind in KINDS if _group(kind) not in groups})

    def _selections(self, kind: tuple[str, str], resource: Resource) -> list[tuple[str, str]]:
        """(namespace, selector) of each list to make."""
        if not resource.namespaced:
            return [("", HELMS)]
        if not self._is_wide:
            return [(namespace, "") for namespace in sorted(self._namespaces)]
        if _group(kind) in GOVERNING | {AUTOSCALERS}:
            return [("", "")]
        return [("", HELMS), ("", NOT_HELMS)]

    def _listed(self, wanted: tuple[Resource, str, str]) -> list[Document]:
        """What we may not list is read one by one, as far as it is sealed."""
        resource, namespace, selector = wanted
        kind = (resource.api_version, resource.kind)
        is_ours = self._is_new and selector == HELMS and kind in self._sealed_kinds
        is_whole = is_ours or _group(kind) == AUTOSCALERS
        try:
            found = self._listing.all(resource, namespace, selector=selector, only_metadata=not is_whole)
        except ClusterForbidden:
            return []
        if is_ours:
            self._read |= {key: each for each in found if (key := key_of(each)) in self._sealed}
        return found

    def _single(self, keys: Sequence[ObjectKey], *, only_metadata: bool) -> dict[ObjectKey, Document]:
        read = all_of(lambda key: self._listing.one(key, only_metadata=only_metadata), keys)
        return {key: document for key, document in zip(keys, read, strict=True) if document is not None}

    def _whole_list(self, wanted: tuple[Resource, str]) -> list[Document]:
        resource, namespace = wanted
        try:
            return self._listing.all(resource, namespace, selector=HELMS, only_metadata=False)
        except ClusterForbidden:
            return []

    def _grouped(self, keys: Iterable[ObjectKey]) -> tuple[list[tuple[Resource, str]], list[ObjectKey]]:
        """Lists to make, and objects to read one by one."""
        by_kind: dict[tuple[str, str], dict[str, list[ObjectKey]]] = defaultdict(lambda: defaultdict(list))
        for key in keys:
            by_kind[key.api_version, key.kind][key.namespace].append(key)
        lists: list[tuple[Resource, str]] = []
        single: list[ObjectKey] = []
        for kind, by_namespace in by_kind.items():
            resource = self._resources.get(kind)
            if resource is not None and len(by_namespace) > MOST_NAMESPACES:
                lists.append((resource, ""))
                continue
            for namespace, these in by_namespace.items():
                if resource is None or len(these) <= MOST_SINGLE:
                    single += these
                else:
                    lists.append((resource, namespace))
        return lists, single


def _group(kind: tuple[str, str]) -> tuple[str, str]:
    return kind[0].rpartition("/")[0], kind[1]


def all_of(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """In parallel, in order; the first error wins."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(CONCURRENT, len(items)), thread_name_prefix="drift") as pool:
        return list(pool.map(work, items))


def scaled_by(seen: Iterable[Mapping[str, Any]]) -> set[tuple[str, str, str]]:
    """(namespace, kind, name) of what the autoscalers among these scale."""
    found = set()
    for document in seen:
        target = (document.get("spec") or {}).get("scaleTargetRef") or {}
        if document.get("kind") == AUTOSCALERS[1] and target:
            found.add((key_of(document).namespace, str(target.get("kind")), str(target.get("name"))))
    return found
