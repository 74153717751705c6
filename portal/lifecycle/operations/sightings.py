"""One thing that was seen to have gone around the gate, before it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.core.objects import ObjectKey
from portal.lifecycle.models import Bypass, ServiceInstance
from portal.lifecycle.operations.field_writers import Writing


@dataclass(frozen=True)
class Sighting:
    """Fields as in Bypass. Two sightings with the same `identity` are one and the same write."""

    instance: ServiceInstance | None
    key: ObjectKey
    how: Bypass.How
    manager: str
    operation: str
    mark: str
    fields: str = ""
    at: datetime | None = None

    @classmethod
    def of_writing(cls, instance: ServiceInstance, key: ObjectKey, writing: Writing) -> Sighting:
        return cls(
            instance,
            key,
            Bypass.How.FIELD_MANAGER,
            writing.manager,
            writing.operation,
            writing.mark,
            writing.fields,
            writing.at,
        )

    @property
    def identity(self) -> dict[str, str]:
        return {
            "api_version": self.key.api_version,
            "kind": self.key.kind,
            "namespace": self.key.namespace,
            "name": self.key.name,
            "how": self.how,
            "manager": self.manager,
            "operation": self.operation,
            "mark": self.mark,
        }
