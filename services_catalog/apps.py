from __future__ import annotations

from django.apps import AppConfig


class ServicesCatalogConfig(AppConfig):
    """The application services library: offerings, their versions, plans and charts."""

    name = "services_catalog"
    verbose_name = "Services catalog"
    default_auto_field = "django.db.models.BigAutoField"
