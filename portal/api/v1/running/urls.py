"""instances/{instance_id}/topology|pods|events|logs|connections/"""

from __future__ import annotations

from django.urls import re_path

from portal.api.v1.running.views import RunningViewSet

running_patterns = [
    re_path(
        f"^instances/(?P<instance_id>[0-9]{{1,18}})/{name}/$",
        RunningViewSet.as_view({"get": name}),
        name=f"instance-{name}",
    )
    for name in ("topology", "pods", "events", "logs", "connections")
]
