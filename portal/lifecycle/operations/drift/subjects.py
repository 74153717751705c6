"""What is to be compared: an instance, and what its release sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portal.clusters.listing import Listing
from portal.clusters.manifests import is_hook
from portal.clusters.types import Document
from portal.core.objects import ObjectKey, key_of
from portal.lifecycle.models import Release, ServiceInstance
from portal.lifecycle.operations.drift.trying import marked
from portal.lifecycle.operations.observation import namespaced

CRD = "CustomResourceDefinition"
Identity = tuple[str, str, str, str]


@dataclass(frozen=True)
class Subject:
    """`sealed` holds what is meant to stay, as helm applies it, masked; `hooks` come and go."""

    instance: ServiceInstance
    release: Release
    sealed: Mapping[ObjectKey, Document] = field(repr=False)
    hooks: frozenset[ObjectKey] = field(repr=False)


def of(instances: Iterable[ServiceInstance], listing: Listing) -> list[Subject]:
    """Those that have a release."""
    return [
        _of(instance, instance.current_release, listing)
        for instance in instances
        if instance.current_release is not None
    ]


def _of(instance: ServiceInstance, release: Release, listing: Listing) -> Subject:
    sealed = {
        listing.key(key_of(document), instance.namespace): (
            # helm installs a chart's crds/ as they are
            document if document.get("kind") == CRD else marked(document, instance.target)
        )
        for document in namespaced(release.objects_masked, instance)
    }
    hooks = (
        listing.key(key_of(document), instance.namespace)
        for document in release.objects_masked
        if is_hook(document)
    )
    return Subject(instance, release, sealed, frozenset(hooks))


def identity(key: ObjectKey) -> Identity:
    """An object stays the same one when its API moves to another version."""
    return key.group, key.kind, key.namespace, key.name
