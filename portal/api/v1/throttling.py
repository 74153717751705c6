"""How often one person may write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:  # REST framework imports this module while it is being imported
    from rest_framework.views import APIView


class WriteThrottle(UserRateThrottle):
    """At most SLIPWAY_API_WRITES_PER_MINUTE writes of each person; 0 means no bound. Reads do not count."""

    scope = "writes"

    def get_rate(self) -> str | None:
        writes = settings.SLIPWAY_API_WRITES_PER_MINUTE
        return f"{writes}/minute" if writes else None

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or super().allow_request(request, view)
