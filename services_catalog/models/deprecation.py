from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import models

from portal.core import clock


class Deprecable(models.Model):
    """What is on its way out: since when, until when, why, and what to take instead (`successor`, which each
    model declares). The status or lifecycle says whether it is deprecated; this says the rest."""

    deprecated_at = models.DateTimeField(null=True, blank=True)
    retires_on = models.DateField(
        null=True, blank=True, help_text="From this day on (UTC) nothing is changed to it, or within it."
    )
    deprecation_message = models.CharField(
        max_length=500, blank=True, default="", help_text="Why, and what to do about it."
    )
    deprecated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who said so in the portal; nobody where the library's file does.",
    )
    notices_told = models.PositiveSmallIntegerField(
        default=0, help_text="How far its owners have been told; portal/lifecycle/operations/deprecations.py."
    )

    class Meta:
        abstract = True

    @property
    def has_retired(self) -> bool:
        """Whether its day has come."""
        return self.retires_on is not None and self.retires_on <= today()

    @property
    def days_left(self) -> int | None:
        """Until it retires; 0 or less once it has."""
        return None if self.retires_on is None else (self.retires_on - today()).days


def today() -> date:
    """The day in UTC, by the portal's clock."""
    now: datetime = clock.now()
    return now.date()
