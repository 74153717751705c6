"""One person's decision."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.lifecycle.models.change import ChangeRequest


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def valid(self) -> ApprovalQuerySet:
        """Consents to the very digest that the change still carries."""
        return self.filter(decision=Approval.Decision.APPROVED, digest=models.F("change__seal"))


class Approval(models.Model):
    """One person's decision on one change, bound to the digest that the person saw."""

    class Decision(models.TextChoices):
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    change = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="approvals")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals")
    decision = models.CharField(max_length=8, choices=Decision.choices)
    digest = models.CharField(max_length=71)
    comment = models.TextField(blank=True)
    at = models.DateTimeField()
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who had asked for the change: the database itself refuses a decision of one's own.",
    )
    relaxed = models.BooleanField(
        default=False, help_text="The gate's rules let those decide who had a part in the change."
    )

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "actor", "digest"], name="one_decision_per_person_and_release"
            ),
            models.CheckConstraint(
                condition=~models.Q(actor=models.F("requester")) | models.Q(relaxed=True),
                name="nobody_decides_their_own",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.decision} {self.change_id}"
