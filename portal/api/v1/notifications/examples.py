from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

READ_ALL = [
    OpenApiExample("All that was there then", {"until": "2026-03-02T09:00:00Z"}, request_only=True),
    OpenApiExample("All", {}, request_only=True),
]
PREFERENCES = [OpenApiExample("Only what is urgent", {"email": "urgent"}, request_only=True)]
