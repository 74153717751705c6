from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

INSTALLATIONS = [
    OpenApiExample("Look first", {"dry_run": True}, request_only=True),
    OpenApiExample("Install", {}, request_only=True),
]
