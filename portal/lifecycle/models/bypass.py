"""What went around the gate, and how the guard of an environment came to be as it is."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.core.objects import ObjectKey
from portal.environments.models import Environment
from portal.lifecycle.models.application import Application
from portal.lifecycle.models.instance import ServiceInstance


class BypassQuerySet(models.QuerySet["Bypass"]):
    def for_lists(self) -> BypassQuerySet:
        return self.select_related("instance", "environment").only(
            *(field.name for field in Bypass._meta.concrete_fields),
            "instance__name",
            "environment__slug",
            "environment__name",
            "environment__stripe",
            "environment__order",
        )


class Bypass(models.Model):
    """One write to a gated namespace that the portal did not make, as the cluster tells of it."""

    class How(models.TextChoices):
        FIELD_MANAGER = "field manager", "Another writer's fields"
        HELM_REVISION = "helm revision", "A Helm revision that no rollout made"
        FOREIGN_RELEASE = "foreign release", "A Helm release that is no instance"

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="bypasses")
    instance = models.ForeignKey(
        ServiceInstance, null=True, on_delete=models.SET_NULL, related_name="bypasses"
    )
    api_version = models.CharField(max_length=120)
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=63, blank=True)
    name = models.CharField(max_length=253)
    how = models.CharField(max_length=15, choices=How.choices)
    manager = models.CharField(max_length=128, help_text="The field manager that wrote; a client's own word.")
    operation = models.CharField(max_length=40, blank=True, help_text="Update or Apply, and of which part.")
    fields = models.CharField(max_length=300, blank=True, help_text="Some of what was written.")
    at = models.DateTimeField(null=True, help_text="As the cluster says.")
    mark = models.CharField(max_length=64, blank=True, help_text="Tells two writes of one manager apart.")
    seen_at = models.DateTimeField()

    objects = BypassQuerySet.as_manager()

    class Meta:
        ordering = ["-seen_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("environment", "api_version", "kind", "namespace", "name"),
                    *("how", "manager", "operation", "mark"),
                ],
                name="bypass_counted_once",
            )
        ]
        indexes = [models.Index(fields=["environment", "-seen_at", "-id"], name="bypass_newest_first")]

    def __str__(self) -> str:
        return f"{self.key} by {self.manager}"

    @property
    def team_id(self) -> int | None:
        return self.instance.team_id if self.instance else None

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(self.api_version, self.kind, self.namespace, self.name)


class GuardState(models.Model):
    """Who set an environment's guard, since when, whether audit ever ran, and how far it was watched."""

    environment = models.OneToOneField(
        Environment, primary_key=True, on_delete=models.CASCADE, related_name="guard_state"
    )
    since = models.DateTimeField(null=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField(blank=True)
    controllers = models.JSONField(
        default=list, blank=True, help_text="Service accounts of operators that may write in the cluster too."
    )
    audited_at = models.DateTimeField(null=True, help_text="When audit was first in force in the cluster.")
    watched_at = models.DateTimeField(null=True, help_text="When all of its namespaces were last looked at.")
    looked_at = models.DateTimeField(null=True, help_text="When some of them were last looked at.")
    cursor = models.PositiveBigIntegerField(
        default=0, help_text="The last application that was looked at; 0: begin anew."
    )
    message = models.CharField(max_length=500, blank=True, help_text="Why looking did not work.")

    class Meta:
        ordering = ["environment"]

    def __str__(self) -> str:
        return f"guard of {self.environment_id}"

    def next_applications(self, limit: int) -> list[Application]:
        """Those with living instances that come after the last one that was looked at."""
        found = Application.objects.filter(
            instances__environment=self.environment_id, instances__retired_at=None, id__gt=self.cursor
        )
        return list(found.distinct().order_by("id")[:limit])
