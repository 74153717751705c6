"""Discovery: versions, groups and resources, plain and aggregated, each with an ETag of what is served."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from portal.sandbox.objects import Object
from portal.sandbox.resources import Resource, Resources

VERSION: Object = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "$Format:%H$",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.26.10",
    "compiler": "gc",
    "platform": "linux/amd64",
}
# announced as everywhere; component statuses are answered with an empty list
_ALWAYS: tuple[Object, ...] = (
    {
        "name": "bindings",
        "singularName": "binding",
        "namespaced": True,
        "kind": "Binding",
        "verbs": ["create"],
    },
    {
        "name": "componentstatuses",
        "singularName": "componentstatus",
        "namespaced": False,
        "kind": "ComponentStatus",
        "verbs": ["get", "list"],
        "shortNames": ["cs"],
    },
)


class Discovery:
    """Answers are built when first asked for, and anew when a CRD comes or goes."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._cache: dict[str, Object] = {}
        resources.on_change(self._cache.clear)

    @property
    def etag(self) -> str:
        """Changes with what is served."""
        text = ",".join(sorted(f"{each.group_version}/{each.plural}" for each in self._resources))
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:32].upper()}"'

    def versions(self, address: str) -> Object:
        cidr = {"clientCIDR": "0.0.0.0/0", "serverAddress": address}
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [cidr]}

    def groups(self) -> Object:
        return {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [self._group(name) for name in self._group_names()],
        }

    def group(self, name: str) -> Object | None:
        if name not in self._group_names():
            return None
        return {"kind": "APIGroup", "apiVersion": "v1", **self._group(name)}

    def resource_list(self, group: str, version: str) -> Object | None:
        found = self._served(group, version)
        if not found:
            return None
        listed: list[Object] = [dict(each) for each in _ALWAYS] if not group else []
        for resource in sorted(found, key=lambda each: each.plural):
            listed.extend(_entries(resource))
        result: Object = {"kind": "APIResourceList"}
        if group:
            result["apiVersion"] = "v1"
        result["groupVersion"] = f"{group}/{version}" if group else version
        result["resources"] = listed
        return result

    def aggregated(self, *, core: bool, version: str) -> Object:
        key = f"{core}/{version}"
        if key not in self._cache:
            names = [""] if core else self._group_names()
            self._cache[key] = {
                "kind": "APIGroupDiscoveryList",
                "apiVersion": f"apidiscovery.k8s.io/{version}",
                "metadata": {},
                "items": [self._aggregated_group(name) for name in names],
            }
        return self._cache[key]

    def _group_names(self) -> list[str]:
        return list(dict.fromkeys(each.group for each in self._resources if each.group))

    def _versions_of(self, group: str) -> list[str]:
        found = dict.fromkeys(each.version for each in self._resources if each.group == group)
        return sorted(found, key=_preference)

    def _served(self, group: str, version: str) -> list[Resource]:
        return self._resources.in_version(group, version)

    def _group(self, name: str) -> Object:
        versions = [{"groupVersion": f"{name}/{each}", "version": each} for each in self._versions_of(name)]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _aggregated_group(self, group: str) -> Object:
        metadata: Object = {"name": group} if group else {}
        return {
            "metadata": metadata,
            "versions": [
                {
                    "version": version,
                    "resources": _aggregated(self._served(group, version)),
                    "freshness": "Current",
                }
                for version in self._versions_of(group)
            ],
        }


def _preference(version: str) -> tuple[int, int, int]:
    """Kubernetes' order: v2, v1, v1beta2, v1beta1, v1alpha1."""
    digits = version.removeprefix("v")
    for rank, stage in enumerate(("beta", "alpha"), 1):
        if stage in digits:
            major, _, minor = digits.partition(stage)
            return rank, -_number(major), -_number(minor)
    return 0, -_number(digits), 0


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def storage_hash(resource: Resource) -> str:
    """As the API server makes it: of the stored group, version and kind."""
    group, _, version = resource.stored_as.rpartition("/")
    digest = hashlib.sha256(f"{group}/{version}/{resource.kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _entries(resource: Resource) -> list[Object]:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": sorted(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.is_stored:
        entry["storageVersionHash"] = storage_hash(resource)
    entries = [entry]
    for each in sorted(resource.subresources.values(), key=lambda found: found.name):
        below: Object = {
            "name": f"{resource.plural}/{each.name}",
            "singularName": "",
            "namespaced": resource.namespaced,
        }
        if each.group:
            below.update(group=each.group, version=each.version)
        entries.append({**below, "kind": each.kind or resource.kind, "verbs": sorted(each.verbs)})
    return entries


def _aggregated(resources: Iterable[Resource]) -> list[Object]:
    found = []
    for resource in sorted(resources, key=lambda each: each.plural):
        entry: Object = {
            "resource": resource.plural,
            "responseKind": {"group": "", "version": "", "kind": resource.kind},
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "singularResource": resource.singular,
            "verbs": sorted(resource.verbs),
        }
        if resource.short_names:
            entry["shortNames"] = list(resource.short_names)
        if resource.categories:
            entry["categories"] = list(resource.categories)
        below = [
            {
                "subresource": each.name,
                "responseKind": {
                    "group": each.group,
                    "version": each.version,
                    "kind": each.kind or resource.kind,
                },
                "verbs": sorted(each.verbs),
            }
            for each in sorted(resource.subresources.values(), key=lambda found: found.name)
        ]
        if below:
            entry["subresources"] = below
        found.append(entry)
    return found
