"""Short cuts for tests of what people do about drift."""

from __future__ import annotations

import json
from typing import Any

from portal.lifecycle.models import ChangeRequest, DriftItem, DriftReport, LogLine, ServiceInstance
from portal.lifecycle.operations.drift.scanning import scan
from tests.fixtures.guard import Scene

APP = "spec.template.spec.containers[app]"


def looked(scene: Scene) -> DriftReport:
    """The service, looked at now."""
    instance = ServiceInstance.objects.select_related("environment__cluster").get(pk=scene.service.pk)
    return scan(instance)


def current(scene: Scene) -> dict[tuple[str, str], DriftItem]:
    """What differs now, by the object's kind and the path."""
    looked(scene)
    return {(item.kind, item.path): item for item in scene.service.drift_items.current()}


def patch(scene: Scene, what: str, kind: str = "merge", **document: Any) -> None:
    """As a person with kubectl would."""
    scene.kubectl("patch", what, "--type", kind, "--patch", json.dumps(document))


def pod_spec(**fields: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": fields}}}


def log_of(change: ChangeRequest) -> str:
    return "\n".join(LogLine.objects.filter(rollout__change=change).values_list("text", flat=True))
