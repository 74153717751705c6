"""What controllers work with: the store, the registry, kinds by name, and the recorder of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.sandbox.controllers.events import Recorder
from portal.sandbox.resources import Resource, Resources

if TYPE_CHECKING:
    from portal.sandbox.cluster import Cluster


class Kinds:
    """Stored resources by ("apps", "Deployment") and by storage key; CRDs come and go."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._read()
        resources.on_change(self._read)

    def _read(self) -> None:
        stored = [each for each in self._resources if each.is_stored and each.stored_as == each.group_version]
        self._by_key = {each.storage_key: each for each in reversed(stored)}
        self._by_kind = {(each.group, each.kind): each for each in self._by_key.values()}

    def __getitem__(self, kind: str) -> Resource:
        """By name as controllers write it: "Pod", "apps/Deployment". KeyError for an unknown one."""
        group, _, name = kind.rpartition("/")
        return self._by_kind[group, name]

    def by_storage_key(self, key: str) -> Resource:
        return self._by_key[key]

    def of_reference(self, api_version: str, kind: str) -> Resource | None:
        """The stored resource that an owner reference's apiVersion and kind mean."""
        return self._by_kind.get((api_version.rpartition("/")[0], kind))

    def stored(self) -> list[Resource]:
        return list(self._by_key.values())


class ControlPlane:
    """One for all controllers of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.store = cluster.store
        self.registry = cluster.registry
        self.kinds = Kinds(cluster.resources)
        self.recorder = Recorder(self)
