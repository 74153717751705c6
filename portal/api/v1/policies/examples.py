from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

EVALUATION = [
    OpenApiExample(
        "A Pod",
        {
            "environment": "dev",
            "documents": [
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"name": "try"},
                    "spec": {"containers": [{"name": "main", "image": "registry.example.com/try:1.0"}]},
                }
            ],
        },
        request_only=True,
    )
]
