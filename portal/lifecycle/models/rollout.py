"""One attempt."""

from __future__ import annotations

from django.db import models

from portal.lifecycle.models.change import ChangeRequest
from portal.lifecycle.models.release import Release


class Rollout(models.Model):
    """One attempt to reconcile an instance to a release (none: to its absence)."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        LOST = "lost", "Worker lost"

    change = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="rollouts")
    release = models.ForeignKey(Release, null=True, on_delete=models.PROTECT, related_name="rollouts")
    is_revert = models.BooleanField(default=False, help_text="Back to the last good release after a failure.")
    fencing_token = models.PositiveIntegerField()
    helm_revision = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["started_at", "id"]

    def __str__(self) -> str:
        return f"rollout {self.pk} of change {self.change_id}"


class LogLine(models.Model):
    """One line of a rollout's log. Secrets are masked before they get here."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    text = models.CharField(max_length=2000)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text
