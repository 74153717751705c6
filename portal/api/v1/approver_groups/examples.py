from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

GROUPS = [
    OpenApiExample(
        "A group",
        {"slug": "release-managers", "name": "Release managers", "members": ["olga", "oscar"]},
        request_only=True,
    )
]
MEMBERS = [OpenApiExample("Other members", {"members": ["oscar"]}, request_only=True)]
