from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

MODES = [
    OpenApiExample(
        "Look first", {"mode": "audit", "reason": "What would be refused?", "seen": "off"}, request_only=True
    ),
    OpenApiExample("Then refuse", {"mode": "deny", "reason": "A week without bypasses."}, request_only=True),
]
