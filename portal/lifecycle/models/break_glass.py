"""A gate that was passed in an emergency."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.lifecycle.models.change import ChangeRequest


class BreakGlassQuerySet(models.QuerySet["BreakGlass"]):
    def unreviewed(self) -> BreakGlassQuerySet:
        return self.filter(reviewed_at=None)


class BreakGlass(models.Model):
    """Who passed the gate without a decision, why, and what another operator said of it afterwards."""

    class Review(models.TextChoices):
        JUSTIFIED = "justified", "It was justified"
        UNJUSTIFIED = "unjustified", "It was not justified"

    change = models.OneToOneField(ChangeRequest, on_delete=models.PROTECT, related_name="break_glass")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    digest = models.CharField(max_length=71)
    at = models.DateTimeField()
    policies = models.JSONField(default=list, help_text="Policies that refused it and admit an emergency.")
    review_due_at = models.DateTimeField()
    overdue_told_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)
    review = models.CharField(max_length=11, choices=Review.choices, blank=True)
    review_comment = models.TextField(blank=True)

    objects = BreakGlassQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reviewed_by=None) | ~models.Q(reviewed_by=models.F("actor")),
                name="break_glass_reviewed_by_another",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="break_glass_has_reason"),
        ]
        indexes = [models.Index(fields=["reviewed_at", "review_due_at"], name="break_glass_to_review")]

    def __str__(self) -> str:
        return f"{self.actor} passed the gate of change {self.change_id}"
