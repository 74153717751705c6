"""The registry of resources: what is served under which group, version and plural."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
STATUS_VERBS = ("get", "patch", "update")


@dataclass(frozen=True)
class Subresource:
    """`deployments/scale`: its verbs, and the kind of its body when that is not the parent's."""

    name: str
    verbs: tuple[str, ...] = STATUS_VERBS
    group: str = ""
    version: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Resource:
    """One served resource. Several versions of one resource share `storage_key` and name the stored
    version."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    verbs: tuple[str, ...] = VERBS
    subresources: Mapping[str, Subresource] = field(default_factory=dict, hash=False, compare=False)
    categories: tuple[str, ...] = ()
    # group/version of what the store holds when it is not this one ("autoscaling/v2" for autoscaling/v1)
    stored_as: str = ""
    storage_key: str = ""
    custom: bool = False
    list_kind: str = ""

    def __post_init__(self) -> None:
        if not self.storage_key:
            object.__setattr__(self, "storage_key", f"{self.group}/{self.plural}")
        if not self.stored_as:
            object.__setattr__(self, "stored_as", self.group_version)
        if not self.list_kind:
            object.__setattr__(self, "list_kind", f"{self.kind}List")

    @property
    def group_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def gvk(self) -> tuple[str, str, str]:
        return self.group, self.version, self.kind

    @property
    def has_status(self) -> bool:
        """Whether status is written through its own subresource only."""
        return "status" in self.subresources

    @property
    def is_stored(self) -> bool:
        """Reviews and the like are answered, never stored."""
        return "get" in self.verbs

    def path(self, namespace: str = "", name: str = "") -> str:
        root = f"/apis/{self.group_version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{scope}/{self.plural}{f'/{name}' if name else ''}"


class Resources:
    """Look-ups by plural and by kind. CRDs register and unregister at run time; listeners hear of it."""

    def __init__(self, built_in: Iterable[Resource] = ()) -> None:
        self._by_plural: dict[tuple[str, str, str], Resource] = {}
        self._by_kind: dict[tuple[str, str, str], Resource] = {}
        self._listeners: list[Callable[[], None]] = []
        # changes whenever a resource comes or goes; part of discovery's ETags
        self.generation = 0
        for resource in built_in:
            self._add(resource)

    def by_plural(self, group: str, version: str, plural: str) -> Resource | None:
        return self._by_plural.get((group, version, plural))

    def by_kind(self, group: str, version: str, kind: str) -> Resource | None:
        return self._by_kind.get((group, version, kind))

    def by_api_version(self, api_version: str, kind: str) -> Resource | None:
        group, _, version = api_version.rpartition("/")
        return self.by_kind(group, version, kind)

    def require(self, group: str, kind: str) -> Resource:
        """The stored version of a kind that must be there; KeyError otherwise."""
        found = [each for each in self if each.group == group and each.kind == kind]
        for resource in found:
            if resource.stored_as == resource.group_version:
                return resource
        raise KeyError(f"{group}/{kind}")

    def stored(self, resource: Resource) -> Resource:
        """The version of `resource` that the store holds."""
        if resource.stored_as == resource.group_version:
            return resource
        group, _, version = resource.stored_as.rpartition("/")
        return self._by_kind[group, version, resource.kind]

    def group_versions(self) -> list[tuple[str, str]]:
        return list(dict.fromkeys((each.group, each.version) for each in self))

    def in_version(self, group: str, version: str) -> list[Resource]:
        return [each for each in self if (each.group, each.version) == (group, version)]

    def register(self, resource: Resource) -> None:
        self._add(resource)
        self._changed()

    def unregister(self, resource: Resource) -> None:
        self._by_plural.pop((resource.group, resource.version, resource.plural), None)
        self._by_kind.pop(resource.gvk, None)
        self._changed()

    def on_change(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._by_plural.values()))

    def _add(self, resource: Resource) -> None:
        self._by_plural[resource.group, resource.version, resource.plural] = resource
        self._by_kind[resource.gvk] = resource

    def _changed(self) -> None:
        self.generation += 1
        for listener in self._listeners:
            listener()
