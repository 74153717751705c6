"""Examples of the main calls, for the OpenAPI description."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

WISHES = [
    OpenApiExample(
        "A namespace",
        {
            "kind": "create",
            "application": "storefront",
            "environment": "dev",
            "offering": "namespace",
            "plan": "small",
        },
        request_only=True,
    ),
    OpenApiExample(
        "A web service",
        {
            "kind": "create",
            "application": "storefront",
            "environment": "dev",
            "offering": "web-service",
            "name": "shop-api",
            "values": {"image": {"repository": "registry.example.com/shop/api", "tag": "1.4.2"}},
        },
        request_only=True,
    ),
    OpenApiExample(
        "Promote", {"kind": "promote", "instance": 7, "environment": "production"}, request_only=True
    ),
    OpenApiExample(
        "Promote, with a size of its own",
        {
            "kind": "promote",
            "instance": 7,
            "environment": "production",
            "plan": "medium",
            "values": {"replicas": 4},
        },
        request_only=True,
    ),
    OpenApiExample("Upgrade", {"kind": "upgrade", "instance": 7, "version": "1.1.0"}, request_only=True),
    OpenApiExample("Roll back", {"kind": "rollback", "instance": 7, "release": 12}, request_only=True),
    OpenApiExample("Retire", {"kind": "retire", "instance": 7, "confirm": "shop-api"}, request_only=True),
]
REJECTIONS = [
    OpenApiExample(
        "Reject",
        {"digest": "sha256:" + "0" * 64, "comment": "Three replicas need a load test first."},
        request_only=True,
    )
]
CANCELLATIONS = [OpenApiExample("Cancel", {"comment": "No longer needed."}, request_only=True)]
DECISIONS = [
    OpenApiExample(
        "Approve",
        {"digest": "sha256:" + "0" * 64, "comment": "Looked at the diff; go ahead."},
        request_only=True,
    )
]
EMERGENCIES = [
    OpenApiExample(
        "Break the glass",
        {"digest": "sha256:" + "0" * 64, "reason": "Payments are down; this brings them back."},
        request_only=True,
    )
]
REVIEWS = [
    OpenApiExample(
        "Review",
        {"review": "justified", "comment": "Customers could not pay, and nobody else was awake."},
        request_only=True,
    )
]
COMMENTS = [
    OpenApiExample("Say something", {"text": "The load test ran last night."}, request_only=True),
    OpenApiExample(
        "Ask for a change",
        {"text": "Two replicas, please.", "asks_change": True, "digest": "sha256:" + "0" * 64},
        request_only=True,
    ),
]
