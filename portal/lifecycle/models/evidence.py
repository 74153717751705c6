"""What a decision rests on."""

from __future__ import annotations

from django.db import models

from portal.lifecycle.models.change import ChangeRequest


class Evidence(models.Model):
    """One thing that was found out about a change, from where, and when. The newest replaces the rest."""

    class Status(models.TextChoices):
        GOOD = "good", "Good"
        NOTE = "note", "Worth a look"
        BAD = "bad", "Speaks against it"
        UNKNOWN = "unknown", "Could not be found out"

    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=20)
    status = models.CharField(max_length=7, choices=Status.choices)
    summary = models.CharField(max_length=300, help_text="One line, for people.")
    detail = models.JSONField(default=dict, help_text="What the line rests on; secrets masked; bounded.")
    source = models.CharField(max_length=120, help_text="Where it comes from: a cluster, the policies, …")
    digest = models.CharField(max_length=71, help_text="The seal that it was gathered for.")
    observed_at = models.DateTimeField()

    class Meta:
        ordering = ["kind"]
        constraints = [models.UniqueConstraint(fields=["change", "kind"], name="evidence_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of change {self.change_id}: {self.status}"
