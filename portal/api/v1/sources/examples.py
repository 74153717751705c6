from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

SOURCES = [
    OpenApiExample(
        "A Helm repository",
        {
            "slug": "public",
            "name": "Public charts",
            "kind": "helm",
            "url": "https://charts.example.com",
            "charts": ["nginx", "redis-*"],
        },
        request_only=True,
    ),
    OpenApiExample(
        "A registry",
        {
            "slug": "registry",
            "name": "Our registry",
            "kind": "oci",
            "url": "oci://registry.example.com",
            "charts": ["charts/web"],
            "username": "reader",
            "secret": "…",
        },
        request_only=True,
    ),
]
CHANGES = [OpenApiExample("Look no longer", {"enabled": False}, request_only=True)]
DECLARATIONS = [
    OpenApiExample(
        "With one plan",
        {
            "declaration": {
                "offering": "cache",
                "name": "Cache",
                "summary": "A cache of one's own.",
                "description": "It forgets what is used least.",
                "when_not_to_use": "For what must not be lost.",
                "category": "Data",
                "owner": "platform",
                "versions": [
                    {
                        "marks": {"/auth/password": {"x-slipway-generate": {"length": 24}}},
                        "locked_values": {"persistence": {"enabled": False}},
                        "plans": [
                            {
                                "slug": "small",
                                "name": "Small",
                                "description": "1 GiB.",
                                "price_cents_per_month": 700,
                                "default": True,
                            }
                        ],
                    }
                ],
            }
        },
        request_only=True,
    )
]
REASONS = [OpenApiExample("Retire", {"comment": "Nobody runs it."}, request_only=True)]
