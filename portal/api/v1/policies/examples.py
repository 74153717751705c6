from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "try"},
    "spec": {"containers": [{"name": "main", "image": "registry.example.com/try:1.0"}]},
}
TEXT = """\
apiVersion: v1
kind: Service
metadata: {name: shop-api}
spec: {type: LoadBalancer, ports: [{port: 80}]}
"""
EVALUATIONS = [
    OpenApiExample("A Pod", {"environment": "dev", "documents": [POD]}, request_only=True),
    OpenApiExample(
        "YAML, with the exceptions of an instance",
        {"environment": "production", "application": "storefront", "instance": "shop-api", "text": TEXT},
        request_only=True,
    ),
    OpenApiExample(
        "An update by somebody",
        {
            "environment": "dev",
            "documents": [POD],
            "old": [POD],
            "user": {"username": "alice", "groups": ["system:authenticated"]},
        },
        request_only=True,
    ),
]
MODES = [
    OpenApiExample(
        "Only warn for now",
        {"mode": "warn", "reason": "Two teams need until Friday.", "seen": "enforce"},
        request_only=True,
    ),
    OpenApiExample(
        "Back to the policy folder",
        {"mode": "folder", "reason": "Both are done.", "seen": "warn"},
        request_only=True,
    ),
]
