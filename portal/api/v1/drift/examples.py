from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

OBJECT = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "storefront-dev", "name": "shop-web"}
REVERTS = [OpenApiExample("Bring it back", {"reason": "Nobody remembers why."}, request_only=True)]
ADOPTIONS = [
    OpenApiExample("All of it", {"reason": "It was urgent."}, request_only=True),
    OpenApiExample(
        "Some of it, with what changes along", {"items": [7], "with_more": True}, request_only=True
    ),
]
TOLERATIONS = [
    OpenApiExample(
        "One field",
        {
            "object": OBJECT,
            "path": "spec.replicas",
            "until": "2027-01-08T00:00:00Z",
            "reason": "Until the sale is over.",
        },
        request_only=True,
    )
]
