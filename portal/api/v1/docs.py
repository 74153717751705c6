"""The OpenAPI description and its pages."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class Schema(SpectacularAPIView):
    """Public: it describes the product, not this installation."""

    authentication_classes = []


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files, nothing inline: it lives under the portal's strict policy."""

    authentication_classes = []
    template_name = "api/docs.html"
    url_name = "schema"
