"""What another rule or another mode would break: worked out in the background, before it is made so."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from portal.accounts.models import User
from portal.accounts.roles import Verb


class BlastRadiusQuerySet(models.QuerySet["BlastRadius"]):
    def visible_to(self, user: User | AnonymousUser) -> BlastRadiusQuerySet:
        """One's own; those who read the whole audit trail see all. What is in it may be of any team."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        return self.all() if user.access.may(Verb.AUDIT) else self.filter(requested_by=user)

    def open(self) -> BlastRadiusQuerySet:
        return self.filter(state__in=[BlastRadius.State.WAITING, BlastRadius.State.RUNNING])


class BlastRadius(models.Model):
    """One question and its answer. The row is the queue's entry: a sweep finds it when a wake-up was lost."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a worker"
        RUNNING = "running", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    proposal = models.JSONField(help_text="{modes: [{policy, environment, mode}], documents: […]}")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    total = models.PositiveIntegerField(default=0, help_text="Instances and changes to look at.")
    done = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, help_text="{instances: […], changes: […], teams: […]}")
    message = models.TextField(blank=True, help_text="Why it failed.")
    policy_digest = models.CharField(
        max_length=71, blank=True, help_text="The bundle that it was compared with."
    )
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField(null=True, help_text="When a worker last wrote its progress.")
    finished_at = models.DateTimeField(null=True)

    objects = BlastRadiusQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "blast radii"
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(state__in=["waiting", "running"]), name="blast_radius_open"
            )
        ]

    def __str__(self) -> str:
        return f"blast radius #{self.pk}"
