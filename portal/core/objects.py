"""Identity of a Kubernetes object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class ObjectKey:
    """Who an object is. `namespace` is empty for cluster-scoped kinds."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    def as_dict(self) -> dict[str, str]:
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, str]) -> ObjectKey:
        return cls(data["apiVersion"], data["kind"], data.get("namespace", ""), data["name"])


def key_of(document: Mapping[str, Any], default_namespace: str = "") -> ObjectKey:
    """The key of a document; missing parts are empty strings, so that odd documents can still be named."""
    metadata = document.get("metadata") or {}
    return ObjectKey(
        api_version=str(document.get("apiVersion") or ""),
        kind=str(document.get("kind") or ""),
        namespace=str(metadata.get("namespace") or default_namespace),
        name=str(metadata.get("name") or metadata.get("generateName") or ""),
    )
