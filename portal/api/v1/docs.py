"""The OpenAPI description and its pages."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class Schema(SpectacularAPIView):
    """Public: it describes the product, not this installation."""

    authentication_classes: ClassVar = []


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files, nothing inline: it lives under the portal's strict policy."""

    authentication_classes: ClassVar = []
    template_name = "api/docs.html"
    url_name = "schema"
