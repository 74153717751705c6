"""What in a cluster is not as its release sealed it: one report for each instance, a row for each thing."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q

from portal.accounts.models import User
from portal.accounts.permissions import scoped
from portal.core.objects import ObjectKey
from portal.lifecycle.models.instance import ServiceInstance
from portal.lifecycle.models.release import Release

LONGEST_PATH = 500


class DriftReportQuerySet(models.QuerySet["DriftReport"]):
    def visible_to(self, user: User | AnonymousUser) -> DriftReportQuerySet:
        return scoped(self, user, "instance__application__team_id")  # type: ignore[return-value]

    def asked(self) -> DriftReportQuerySet:
        """Somebody wants to know how it is now, and nobody has looked since."""
        return self.filter(asked_at__isnull=False).filter(Q(tried_at=None) | Q(tried_at__lt=F("asked_at")))


class DriftReport(models.Model):
    """How an instance was when it was looked at last, against the release that it had then.

    The counts are of what people have to mind; what a tolerance covers is in `tolerated` instead.
    """

    class Status(models.TextChoices):
        IN_STEP = "in_step", "As sealed"
        DRIFTED = "drifted", "Drifted"
        UNKNOWN = "unknown", "Not known"

    instance = models.OneToOneField(
        ServiceInstance, primary_key=True, on_delete=models.CASCADE, related_name="drift_report"
    )
    release = models.ForeignKey(
        Release, null=True, on_delete=models.PROTECT, related_name="+", help_text="What it was compared with."
    )
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.UNKNOWN)
    message = models.CharField(max_length=500, blank=True)
    checked_at = models.DateTimeField(null=True, help_text="When the last scan that got an answer began.")
    tried_at = models.DateTimeField(null=True, help_text="When the last scan began.")
    asked_at = models.DateTimeField(null=True, help_text="When somebody asked for a scan.")
    lease_until = models.DateTimeField(null=True, help_text="Until when one worker has it for itself.")
    fingerprint = models.CharField(
        max_length=71, blank=True, help_text="Of what was seen: the same again need not be compared again."
    )
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    foreign = models.PositiveIntegerField(default=0)
    tolerated = models.PositiveIntegerField(default=0)

    objects = DriftReportQuerySet.as_manager()

    class Meta:
        ordering = ["instance"]
        indexes = [
            models.Index(fields=["tried_at", "instance"], name="drift_oldest_first"),
            models.Index(fields=["status", "instance"], name="drift_by_status"),
            models.Index(fields=["asked_at"], condition=Q(asked_at__isnull=False), name="drift_asked"),
        ]

    def __str__(self) -> str:
        return f"drift of {self.instance}"

    @property
    def team_id(self) -> int:
        return self.instance.team_id

    @property
    def drifted(self) -> int:
        """How many things differ that nobody tolerates."""
        return self.changed + self.removed + self.added + self.missing + self.foreign

    @property
    def is_asked(self) -> bool:
        return self.asked_at is not None and (self.tried_at is None or self.tried_at < self.asked_at)


class DriftItemQuerySet(models.QuerySet["DriftItem"]):
    def visible_to(self, user: User | AnonymousUser) -> DriftItemQuerySet:
        return scoped(self, user, "instance__application__team_id")  # type: ignore[return-value]

    def current(self) -> DriftItemQuerySet:
        return self.filter(ended_at=None)


class DriftItem(models.Model):
    """One field, or one whole object, that is not as sealed; kept when it has ended. Values are masked."""

    class How(models.TextChoices):
        CHANGED = "changed", "Changed"
        REMOVED = "removed", "Removed"
        ADDED = "added", "Added"
        MISSING = "missing", "Missing"
        FOREIGN = "foreign", "Foreign"

    instance = models.ForeignKey(ServiceInstance, on_delete=models.CASCADE, related_name="drift_items")
    api_version = models.CharField(max_length=120)
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=63, blank=True)
    name = models.CharField(max_length=253)
    path = models.CharField(
        max_length=LONGEST_PATH, blank=True, help_text="spec.replicas, say; empty for the whole object."
    )
    how = models.CharField(max_length=7, choices=How.choices)
    sealed = models.JSONField(null=True, help_text="As the release has it; null where it has nothing.")
    live = models.JSONField(null=True, help_text="As the cluster has it; null where it has nothing.")
    manager = models.CharField(
        max_length=128, blank=True, help_text="Who wrote it: a client's own word. Empty: not known."
    )
    operation = models.CharField(max_length=40, blank=True, help_text="Update or Apply, and of which part.")
    manager_at = models.DateTimeField(null=True, help_text="When it was written, as the cluster says.")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(help_text="The last scan in which what it says was seen to be so.")
    ended_at = models.DateTimeField(null=True)

    objects = DriftItemQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name", "path", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "api_version", "kind", "namespace", "name", "path"],
                condition=Q(ended_at=None),
                name="drift_item_once_while_current",
            )
        ]
        indexes = [models.Index(fields=["instance", "-first_seen_at"], name="drift_item_history")]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name} {self.path}".rstrip()

    @property
    def team_id(self) -> int:
        return self.instance.team_id

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(self.api_version, self.kind, self.namespace, self.name)


class DriftToleranceQuerySet(models.QuerySet["DriftTolerance"]):
    def visible_to(self, user: User | AnonymousUser) -> DriftToleranceQuerySet:
        return scoped(self, user, "instance__application__team_id")  # type: ignore[return-value]

    def live_at(self, moment: datetime) -> DriftToleranceQuerySet:
        return self.filter(ended_at=None, until__gt=moment)

    def over_at(self, moment: datetime) -> DriftToleranceQuerySet:
        """Whose date has come, and nobody has been told."""
        return self.filter(ended_at=None, until__lte=moment)


class DriftTolerance(models.Model):
    """Consent to let some drift be until a date; then it counts again."""

    instance = models.ForeignKey(ServiceInstance, on_delete=models.CASCADE, related_name="drift_tolerances")
    api_version = models.CharField(max_length=120)
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=63, blank=True)
    name = models.CharField(max_length=253)
    path = models.CharField(
        max_length=LONGEST_PATH, blank=True, help_text="And all below it; empty for the whole object."
    )
    reason = models.TextField()
    until = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty when its date had come.",
    )

    objects = DriftToleranceQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["instance", "until"], name="tolerance_by_instance"),
            models.Index(fields=["until"], condition=Q(ended_at=None), name="tolerance_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name} {self.path}".rstrip()

    @property
    def team_id(self) -> int:
        return self.instance.team_id

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(self.api_version, self.kind, self.namespace, self.name)

    def covers(self, item: DriftItem) -> bool:
        """Whether the item is about this object, at or below this path."""
        if self.key != item.key:
            return False
        return (
            not self.path
            or item.path == self.path
            or item.path.startswith((f"{self.path}.", f"{self.path}["))
        )
