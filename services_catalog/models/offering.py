from __future__ import annotations

from django.db import models

from services_catalog.models.deprecation import Deprecable


class Lifecycle(models.TextChoices):
    ACTIVE = "active", "active"
    DEPRECATED = "deprecated", "deprecated"
    RETIRED = "retired", "retired"


class Role(models.TextChoices):
    """What an instance of it is to the rest: a service in a namespace, or the namespace itself."""

    SERVICE = "service", "service"
    NAMESPACE = "namespace", "namespace"


class OfferingQuerySet(models.QuerySet["Offering"]):
    def visible(self) -> OfferingQuerySet:
        """What the library shows: everything that is not retired."""
        return self.exclude(lifecycle=Lifecycle.RETIRED)

    def requestable(self) -> OfferingQuerySet:
        """Active, with at least one active version: what somebody may ask for anew."""
        return self.filter(lifecycle=Lifecycle.ACTIVE, versions__status="active").distinct()


class Offering(Deprecable):
    """An entry of the application services library."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=200, help_text="one sentence")
    description = models.TextField(blank=True, help_text="Markdown")
    when_not_to_use = models.TextField(blank=True, help_text="Markdown")
    category = models.CharField(max_length=40)
    tags = models.JSONField(default=list, blank=True)
    icon = models.CharField(max_length=40, blank=True, help_text="name of an icon")
    owner = models.CharField(max_length=80)
    lifecycle = models.CharField(max_length=12, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    cluster_scoped = models.BooleanField(default=False, help_text="may hold objects beyond its own namespace")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.SERVICE)
    provides = models.JSONField(default=dict, blank=True, help_text='{"endpoints": […], "secrets": […]}')
    environments = models.JSONField(
        default=list, blank=True, help_text="slugs of the environments where it may be requested; empty: all"
    )
    successor = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="the offering to take instead",
    )

    objects = OfferingQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        indexes = (models.Index(fields=["lifecycle", "category"], name="offering_lifecycle_category"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(lifecycle__in=Lifecycle.values), name="offering_lifecycle_is_known"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="offering_role_is_known"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_namespace(self) -> bool:
        return self.role == Role.NAMESPACE

    def is_offered_in(self, environment_slug: str) -> bool:
        return not self.environments or environment_slug in self.environments
