"""A freeze or opening hours of an environment, as a platform engineer has set it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models

from portal.environments.models.environment import Environment
from portal.environments.recurrences import Recurrence
from portal.environments.window_checks import LONGEST_MINUTES
from portal.environments.windows import Kind, Once, WindowRule


class Window(models.Model):
    """Either from `starts_at` to `ends_at`, or a recurrence on the wall clock of `time_zone`: the five other
    fields. portal/environments/windows.py says what it means, window_checks.py what it may be."""

    class Kinds(models.TextChoices):
        FREEZE = Kind.FREEZE.value, "Freeze"
        OPENING = Kind.OPENING.value, "Opening hours"

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="windows")
    kind = models.CharField(max_length=7, choices=Kinds.choices)
    reason = models.CharField(max_length=300)
    time_zone = models.CharField(max_length=64, help_text="A name of the tz database, such as Europe/Berlin.")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    rrule = models.CharField(max_length=255, blank=True, help_text="RFC 5545, such as FREQ=WEEKLY;BYDAY=FR.")
    first_day = models.DateField(null=True, blank=True)
    start_time = models.TimeField(null=True, blank=True)
    minutes = models.PositiveIntegerField(null=True, blank=True)
    until = models.DateField(null=True, blank=True, help_text="The last day on which it starts.")
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in Kind]), name="window_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    rrule="",
                    starts_at__isnull=False,
                    ends_at__isnull=False,
                    ends_at__gt=models.F("starts_at"),
                    first_day__isnull=True,
                    start_time__isnull=True,
                    minutes__isnull=True,
                    until__isnull=True,
                )
                | models.Q(
                    ~models.Q(rrule=""),
                    starts_at__isnull=True,
                    ends_at__isnull=True,
                    first_day__isnull=False,
                    start_time__isnull=False,
                    minutes__isnull=False,
                    minutes__gt=0,
                    minutes__lte=LONGEST_MINUTES,
                ),
                name="window_once_or_recurring",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.environment.slug}: {self.reason}"

    @property
    def is_recurring(self) -> bool:
        return bool(self.rrule)

    @property
    def rule(self) -> WindowRule:
        """What the pure part takes. Raises ValueError for a row that is neither of the two."""
        return WindowRule(Kind(self.kind), self.reason, self.time_zone, self._when())

    def _when(self) -> Once | Recurrence:
        if self.starts_at and self.ends_at:
            return Once(self.starts_at, self.ends_at)
        if self.first_day and self.start_time and self.minutes is not None:
            first = datetime.combine(self.first_day, self.start_time)
            return Recurrence(self.rrule, first, self.minutes, self.until)
        raise ValueError("It has neither a start and an end, nor a recurrence.")
