from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

REQUESTS = [
    OpenApiExample(
        "For the object that was refused",
        {
            "change": 42,
            "policy": "image-registries",
            "kind": "Deployment",
            "name": "shop-api",
            "reason": "The mirror of this image comes next week.",
            "days": 5,
        },
        request_only=True,
    ),
    OpenApiExample(
        "For one value of what runs",
        {
            "instance": 7,
            "policy": "image-tag",
            "scope": "instance",
            "values_path": "/image/tag",
            "value": "latest",
            "reason": "The vendor publishes no versions; asked for them.",
            "days": 14,
        },
        request_only=True,
    ),
]
GRANTS = [
    OpenApiExample(
        "Until Friday",
        {"comment": "Until the mirror is there.", "expires_at": "2026-11-20T17:00:00Z"},
        request_only=True,
    )
]
REASONS = [OpenApiExample("With a reason", {"comment": "Mirrored by now."}, request_only=True)]
