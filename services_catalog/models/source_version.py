"""What a source was seen to offer."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from services_catalog import semver
from services_catalog.models.chart_archive import ChartArchive
from services_catalog.models.chart_source import ChartSource
from services_catalog.models.offering_version import OfferingVersion, VersionStatus


class SourceVersionState(models.TextChoices):
    IMPORTED = "imported", "Imported"
    REFUSED = "refused", "Refused"
    GONE = "gone", "No longer offered"


class Provenance(models.TextChoices):
    NONE = "none", "Not signed"
    VERIFIED = "verified", "Signature verified"
    FAILED = "failed", "Signature does not hold"
    UNCHECKED = "unchecked", "Signed, no keyring to check against"


class SourceVersionQuerySet(models.QuerySet["SourceVersion"]):
    def light(self) -> SourceVersionQuerySet:
        """Without what lists must not load: reports and the archives' contents."""
        return self.defer("report")

    def published(self) -> SourceVersionQuerySet:
        """Those that an offering's version was made from, unless that is retired."""
        return self.filter(offering_version__isnull=False).exclude(
            offering_version__status=VersionStatus.RETIRED
        )


class SourceVersion(models.Model):
    """One version of one chart in a source. It is never deleted: what the source lost is `gone`.

    An imported version may carry a refusal too: then the source now offers something else under the same
    number, which was not taken; the archive is still the first one.
    """

    source = models.ForeignKey(ChartSource, on_delete=models.PROTECT, related_name="versions")
    chart = models.CharField(max_length=100, help_text="the chart's name")
    version = models.CharField(max_length=100, help_text="as the source has it")
    app_version = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=500, blank=True)
    icon_url = models.CharField(max_length=1000, blank=True, help_text="as the chart says; never fetched")
    declared_digest = models.CharField(
        max_length=80,
        blank=True,
        help_text="what pins it: sha256:… of the archive, tree:… in git",
    )
    url = models.CharField(max_length=2000, blank=True, help_text="where it is read from, without a query")
    archive = models.ForeignKey(
        ChartArchive, null=True, blank=True, on_delete=models.PROTECT, related_name="source_versions"
    )
    state = models.CharField(max_length=8, choices=SourceVersionState.choices)
    refusal_code = models.CharField(max_length=60, blank=True)
    refusal = models.CharField(max_length=1000, blank=True, help_text="why, and what to do")
    retry = models.BooleanField(
        default=False, help_text="whether the next sync looks at it again although nothing has changed"
    )
    provenance = models.CharField(max_length=9, choices=Provenance.choices, default=Provenance.NONE)
    signer = models.CharField(max_length=300, blank=True, help_text="who signed, and the key's fingerprint")
    report = models.JSONField(default=dict, blank=True, help_text="what an examination of the chart found")
    examined = models.CharField(
        max_length=71, blank=True, help_text="digest of what the report was made of; empty: not examined"
    )
    seen_at = models.DateTimeField(help_text="when a sync saw it for the first time")
    gone_at = models.DateTimeField(null=True, blank=True, help_text="when a sync did not see it any more")
    offering_version = models.OneToOneField(
        OfferingVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="source_version",
        help_text="what was made of it when it was published",
    )

    objects = SourceVersionQuerySet.as_manager()

    class Meta:
        ordering = ("source", "chart", "pk")
        constraints = (
            models.UniqueConstraint(fields=["source", "chart", "version"], name="source_version_unique"),
            models.CheckConstraint(
                condition=Q(state__in=SourceVersionState.values), name="source_version_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(provenance__in=Provenance.values), name="source_version_provenance_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="imported") | Q(archive__isnull=False),
                name="source_version_imported_has_archive",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(refusal_code=""), name="source_version_refused_says_why"
            ),
            models.CheckConstraint(
                condition=Q(state="gone", gone_at__isnull=False) | (~Q(state="gone") & Q(gone_at=None)),
                name="source_version_gone_has_a_time",
            ),
        )
        indexes = (models.Index(fields=["source", "state", "chart"], name="source_version_by_state"),)

    def __str__(self) -> str:
        return f"{self.source} {self.chart} {self.version}"

    @property
    def precedence(self) -> tuple[Any, ...]:
        """Sort key: newest last; what is no semantic version comes first."""
        return semver.precedence(self.number) if semver.is_semver(self.number) else ()

    @property
    def number(self) -> str:
        """The version as semver has it: some charts are called v1.2.3, as Helm allows."""
        return self.version.removeprefix("v")

    @property
    def is_published(self) -> bool:
        return self.offering_version_id is not None

    @property
    def is_usable(self) -> bool:
        """Whether its archive is there, be it still offered or not."""
        return self.archive_id is not None
