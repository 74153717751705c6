"""The drift of one instance: a report, and what can be done about it."""

from __future__ import annotations

from typing import Any

from django.urls import re_path

from portal.api.v1.drift.views import InstanceDriftViewSet

DOORS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("", {"get": "retrieve"}, "instance-drift"),
    ("scan/", {"post": "scan"}, "instance-drift-scan"),
    ("revert/", {"post": "revert"}, "instance-drift-revert"),
    ("adopt/", {"post": "adopt"}, "instance-drift-adopt"),
    ("adopt/preview/", {"post": "preview_adoption"}, "instance-drift-adopt-preview"),
    ("tolerances/", {"post": "tolerate"}, "instance-drift-tolerances"),
    ("tolerances/(?P<pk>[0-9]{1,18})/", {"delete": "end_tolerance"}, "instance-drift-tolerance"),
)
drift_patterns = [
    re_path(
        f"^instances/(?P<instance_id>[0-9]{{1,18}})/drift/{rest}$",
        InstanceDriftViewSet.as_view(methods),
        name=name,
    )
    for rest, methods, name in DOORS
]
