"""How often one person may ask."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.cache import cache
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:  # REST framework imports this module while it is being imported
    from rest_framework.views import APIView

MINUTE = 60


class MinuteThrottle(BaseThrottle):
    """So many requests of one person in each minute of the clock; a setting of 0 means no bound.

    One counter a person, in the cache: shared where the broker is reached over the network, else each
    process counts for itself.
    """

    setting: ClassVar[str]
    kind: ClassVar[str]
    reading: ClassVar[bool]

    def allow_request(self, request: Request, view: APIView) -> bool:
        most: int = getattr(settings, self.setting)
        counts = (request.method in SAFE_METHODS) is self.reading
        if not most or not counts or request.user.pk is None:
            return True
        key = f"throttle:{self.kind}:{request.user.pk}:{int(time.time()) // MINUTE}"
        cache.add(key, 0, timeout=2 * MINUTE)
        try:
            return cache.incr(key) <= most
        except ValueError:  # forgotten between the two
            return True

    def wait(self) -> float:
        """Seconds to the next minute."""
        return MINUTE - time.time() % MINUTE


class WriteThrottle(MinuteThrottle):
    """At most SLIPWAY_API_WRITES_PER_MINUTE."""

    setting, kind, reading = "SLIPWAY_API_WRITES_PER_MINUTE", "writes", False


class ReadThrottle(MinuteThrottle):
    """At most SLIPWAY_API_READS_PER_MINUTE."""

    setting, kind, reading = "SLIPWAY_API_READS_PER_MINUTE", "reads", True
