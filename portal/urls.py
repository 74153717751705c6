"""All addresses of the portal."""

from __future__ import annotations

from django.urls import include, path, re_path

from portal.api.operations import health, metrics
from portal.api.v1.docs import Docs, Schema
from portal.api.v1.unknown import UnknownPath

handler400 = "portal.api.failures.bad_request"
handler404 = "portal.api.failures.not_found"
handler500 = "portal.api.failures.server_error"

urlpatterns = [
    path("api/v1/", include("portal.api.v1.urls", namespace="api")),
    path("api/schema/", Schema.as_view(), name="schema"),
    path("api/docs/", Docs.as_view(), name="docs"),
    re_path("^api/", UnknownPath.as_view()),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.Ready.as_view(), name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", include("portal.web.urls", namespace="web")),
]
