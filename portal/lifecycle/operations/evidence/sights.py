"""What a cluster has of a release's objects, and what it would make of them: dry-runs, nothing is stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Overdue
from dataclasses import dataclass
from typing import Any

from portal.clusters.api import NotFound
from portal.clusters.errors import ClusterRefused, ClusterUnreachable
from portal.clusters.kubernetes import Kubernetes
from portal.clusters.types import Document, Target
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations.drift.trying import (
    MANAGED_BY,
    RELEASE_NAME,
    RELEASE_NAMESPACE,
    Answer,
    applied,
    marked,
)
from portal.lifecycle.operations.observation import kubernetes_for, namespaced
from portal.lifecycle.operations.rendering import connection_for

CONCURRENT = 8
PATIENCE_SECONDS = 60.0
REQUEST_SECONDS = 10.0
NOT_ASKED = Answer()
Identity = tuple[str, str, str, str]


@dataclass(frozen=True)
class Sight:
    """One object: as it is, as the current release would make it, as the new one would. `sealed` and `wanted`
    are what the releases hold of it; None where they do not have it."""

    key: ObjectKey
    live: Document | None
    sealed: Document | None
    wanted: Document | None
    as_sealed: Answer = NOT_ASKED
    as_wanted: Answer = NOT_ASKED


def look(
    instance: ServiceInstance, sealed: Iterable[Mapping[str, Any]], wanted: Iterable[Mapping[str, Any]]
) -> list[Sight]:
    """All objects of both releases, hooks left out; a minute at the most. Raises ClusterError when the
    cluster cannot be read; that it refuses an object is an answer.

    Dry-runs are made as whoever will run helm, so that lacking rights show as well.
    """
    before = {_identity(document): document for document in namespaced(sealed, instance)}
    after = {_identity(document): document for document in namespaced(wanted, instance)}
    observer = _Observer(instance, after.values())
    pairs = [(before.get(identity), after.get(identity)) for identity in {**before, **after}]
    return _in_time(observer.sight, pairs)


class _Observer:
    """Shared by threads, which must not touch the database: all that needs it is read here."""

    def __init__(self, instance: ServiceInstance, wanted: Iterable[Mapping[str, Any]]) -> None:
        self._reader = kubernetes_for(instance)
        self._deployer = Kubernetes(connection_for(instance), timeout_seconds=REQUEST_SECONDS)
        self._target = instance.target
        wanted = list(wanted)
        self._namespaces = {key_of(document).name for document in wanted if document["kind"] == "Namespace"}
        self._kinds = {
            ((document.get("spec") or {}).get("names") or {}).get("kind")
            for document in wanted
            if document["kind"] == "CustomResourceDefinition"
        }

    def sight(self, pair: tuple[Document | None, Document | None]) -> Sight:
        sealed, wanted = pair
        document = wanted or sealed or {}
        live = next(iter(self._reader.live([document]).values()))
        as_wanted = self._tried(wanted, live, is_ours=sealed is not None) if wanted else Answer()
        # most of an update stays as it is, and is asked once
        asks = sealed is not None and live is not None and sealed != wanted
        as_sealed = self._applied(sealed) if sealed and asks else as_wanted if sealed else Answer()
        return Sight(key_of(document), live, sealed, wanted, as_sealed, as_wanted)

    def _tried(self, wanted: Document, live: Document | None, *, is_ours: bool) -> Answer:
        if live is not None and not is_ours and not _belongs_to(live, self._target):
            said = "It exists already and is not of this release; helm does not take it over."
            return Answer(refusal=f"{said} Remove it, or let helm adopt it, first.")
        return self._applied(wanted, comes_with=live is None and self._comes_with_the_release(wanted))

    def _applied(self, document: Document, *, comes_with: bool = False) -> Answer:
        answer = applied(self._deployer, marked(document, self._target))
        # its namespace or its kind is made by the same release, so it cannot be tried before
        if comes_with and isinstance(answer.error, NotFound | ClusterRefused):
            return Answer(document)
        return answer

    def _comes_with_the_release(self, document: Document) -> bool:
        key = key_of(document)
        return key.namespace in self._namespaces or key.kind in self._kinds


def _belongs_to(live: Mapping[str, Any], target: Target) -> bool:
    """Helm's own rule for what it may take over."""
    metadata = live.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    return (
        (metadata.get("labels") or {}).get(MANAGED_BY) == "Helm"
        and annotations.get(RELEASE_NAME) == target.release
        and annotations.get(RELEASE_NAMESPACE) == target.namespace
    )


def _identity(document: Mapping[str, Any]) -> Identity:
    """An object stays the same one when its API moves to another version."""
    key = key_of(document)
    return key.group, key.kind, key.namespace, key.name


def _in_time(
    work: Callable[[tuple[Document | None, Document | None]], Sight],
    pairs: Sequence[tuple[Document | None, Document | None]],
) -> list[Sight]:
    """In parallel, in order; the first error wins. What is not done in time is not waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pool = ThreadPoolExecutor(CONCURRENT, thread_name_prefix="evidence")
    try:
        return list(pool.map(work, pairs, timeout=max(deadline - time.monotonic(), 0)))
    except Overdue as exc:
        raise ClusterUnreachable(
            f"The cluster took more than {PATIENCE_SECONDS:g} s to say what it has of {len(pairs)} objects. "
            "Refresh when it has less to do."
        ) from exc
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
