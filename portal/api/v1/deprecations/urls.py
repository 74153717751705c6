from __future__ import annotations

from typing import Any

from django.urls import re_path

from portal.api.v1.deprecations.views import OfferingDeprecationViewSet, VersionDeprecationViewSet

SLUG = "(?P<offering_slug>[-a-zA-Z0-9_]{1,60})"
ACTIONS: dict[str, Any] = {"put": "update", "delete": "destroy"}
deprecation_patterns = [
    re_path(
        f"^offerings/{SLUG}/deprecation/$",
        OfferingDeprecationViewSet.as_view(ACTIONS),
        name="offering-deprecation",
    ),
    re_path(
        rf"^offerings/{SLUG}/versions/(?P<version>[0-9A-Za-z.+-]{{1,64}})/deprecation/$",
        VersionDeprecationViewSet.as_view(ACTIONS),
        name="version-deprecation",
    ),
]
