from __future__ import annotations

from typing import Any

from django.db import models

from services_catalog import semver
from services_catalog.models.chart_archive import ChartArchive
from services_catalog.models.deprecation import Deprecable, today
from services_catalog.models.offering import Lifecycle, Offering


class VersionStatus(models.TextChoices):
    DRAFT = "draft", "draft"
    ACTIVE = "active", "active"
    DEPRECATED = "deprecated", "deprecated"
    RETIRED = "retired", "retired"


class OfferingVersionQuerySet(models.QuerySet["OfferingVersion"]):
    def requestable(self) -> OfferingVersionQuerySet:
        """What a new instance may be made from."""
        return self.filter(status=VersionStatus.ACTIVE, offering__lifecycle=Lifecycle.ACTIVE)

    def changeable(self) -> OfferingVersionQuerySet:
        """What an existing instance may be moved to: deprecated versions count until the day they retire,
        drafts and retired ones do not."""
        return (
            self.filter(status__in=(VersionStatus.ACTIVE, VersionStatus.DEPRECATED))
            .exclude(offering__lifecycle=Lifecycle.RETIRED)
            .exclude(retires_on__lte=today())
            .exclude(offering__retires_on__lte=today())
        )


class OfferingVersion(Deprecable):
    """A chart at a version and digest, with the schema of its values."""

    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=64, help_text="semantic version")
    status = models.CharField(max_length=12, choices=VersionStatus.choices, default=VersionStatus.DRAFT)
    chart = models.ForeignKey(ChartArchive, on_delete=models.PROTECT, related_name="versions")
    values_schema = models.JSONField(default=dict)
    default_values = models.JSONField(default=dict)
    readme = models.TextField(blank=True, help_text="Markdown")
    short_form = models.JSONField(
        default=list, blank=True, help_text="JSON pointers of the fields on the short form, in order"
    )
    locked_values = models.JSONField(
        default=dict, blank=True, help_text="set by the platform; override everything"
    )
    values_of = models.JSONField(
        default=list,
        blank=True,
        help_text="which values make which place of an object, for fixes: {kind, path, values, as}",
    )
    overlays = models.JSONField(
        default=list, blank=True, help_text="JSON pointers of the values that may differ from stage to stage"
    )
    verification = models.JSONField(
        default=dict, blank=True, help_text="checks after a rollout: {within_seconds, checks: [...]}"
    )
    reproducibility = models.JSONField(
        default=dict, blank=True, help_text="whether it renders the same each time: {status, sources, places}"
    )
    marks = models.JSONField(
        default=dict,
        blank=True,
        help_text="keywords of ours on the schema of somebody else's chart, by pointer",
    )
    example = models.JSONField(
        default=dict, blank=True, help_text="what somebody who requests it might give; to try it with"
    )
    ready_timeout_seconds = models.PositiveIntegerField(default=300)
    notes = models.TextField(blank=True, help_text="what changed in this version; Markdown")
    successor = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="the version to take instead",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OfferingVersionQuerySet.as_manager()

    class Meta:
        ordering = ("offering", "pk")
        constraints = (
            models.UniqueConstraint(fields=["offering", "version"], name="offering_version_unique"),
            models.CheckConstraint(
                condition=models.Q(status__in=VersionStatus.values), name="offering_version_status_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ready_timeout_seconds__gte=1), name="offering_version_timeout_is_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.offering} {self.version}"

    @property
    def precedence(self) -> tuple[Any, ...]:
        """Sort key: newest last."""
        return semver.precedence(self.version)

    @property
    def is_out(self) -> bool:
        """Whether nothing may be changed to it or within it any more: retired, or its day has come."""
        return self.status == VersionStatus.RETIRED or self.has_retired or self.offering.has_retired

    @property
    def may_be_requested(self) -> bool:
        return self.status == VersionStatus.ACTIVE and self.offering.lifecycle == Lifecycle.ACTIVE
