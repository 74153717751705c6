"""A stage on the way to production, and its gate."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models

from portal.environments.gates import Gate
from portal.environments.models.approver_group import ApproverGroup
from portal.environments.models.cluster import Cluster


class Environment(models.Model):
    """A stage: its place in the order, its cluster, its labels, its gate."""

    class Stripe(models.TextChoices):
        """The fixed colour that tells people where they are."""

        DEV = "dev", "Development (slate)"
        STAGING = "staging", "Staging (amber)"
        PRODUCTION = "production", "Production (plum)"

    class Guard(models.TextChoices):
        """What the cluster does about writes that do not come from the portal."""

        OFF = "off", "Off"
        AUDIT = "audit", "Audit"
        DENY = "deny", "Deny"

    slug = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=40)
    order = models.PositiveSmallIntegerField(unique=True)
    stripe = models.CharField(max_length=12, choices=Stripe.choices, default=Stripe.DEV)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="environments")
    promotes_from = models.ManyToManyField(
        "self",
        blank=True,
        symmetrical=False,
        related_name="promotes_to",
        help_text="The stages whose running release may be promoted to this one.",
    )
    labels = models.JSONField(
        default=dict, blank=True, help_text="Labels of each namespace here; policies bind to them."
    )
    # The gate: docs/gate.md says what each of these means.
    approvals_required = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(5)])
    rollback_approvals_required = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(5)],
        help_text="The faster path of a rollback to what has run here before; empty: as any other change.",
    )
    approver_groups = models.ManyToManyField(
        ApproverGroup,
        blank=True,
        related_name="environments",
        help_text="Operators of these groups decide; none: any operator.",
    )
    one_of_each_group = models.BooleanField(
        default=False, help_text="Whether each of the groups has to be among those who approve."
    )
    minimum_soak_minutes = models.PositiveIntegerField(
        default=0, help_text="How long a promoted release must have been healthy in the stage before."
    )
    required_evidence = models.JSONField(
        default=dict, blank=True, help_text="{kind: how old it may be, in minutes}; approval wants it fresh."
    )
    requester_may_decide = models.BooleanField(
        default=False, help_text="A relaxation: whoever asked may be one of those who approve."
    )
    contributors_may_decide = models.BooleanField(
        default=False, help_text="A relaxation: others who had a part in the change may approve it."
    )
    requester_may_break_glass = models.BooleanField(
        default=False, help_text="A relaxation: whoever asked may pass the gate in an emergency."
    )
    reauthenticate = models.BooleanField(
        default=False, help_text="Whether approving wants the password again."
    )
    changes_expire_after_hours = models.PositiveIntegerField(default=168)
    supersede_waiting = models.BooleanField(
        default=True, help_text="Whether a newer request replaces one that waits, or has to wait for it."
    )
    remind_after_hours = models.PositiveIntegerField(default=24, help_text="0: never.")
    escalate_after_hours = models.PositiveIntegerField(default=72, help_text="0: never.")
    review_within_hours = models.PositiveIntegerField(
        default=24, help_text="In which another operator has to review that the gate was passed by emergency."
    )
    guard = models.CharField(
        max_length=5,
        choices=Guard.choices,
        default=Guard.OFF,
        help_text="Whether the cluster refuses writes around the gate.",
    )

    class Meta:
        ordering = ["order"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(guard__in=["off", "audit", "deny"]), name="environment_guard_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def gate(self) -> Gate:
        """Its rules as they are now; the groups, where somebody decides, cost a query unless prefetched."""
        decides = self.approvals_required or self.rollback_approvals_required
        groups = self.approver_groups.all() if decides else ()
        return Gate(
            environment=self.slug,
            approvals_required=self.approvals_required,
            rollback_approvals_required=self.rollback_approvals_required,
            groups=tuple(sorted(group.slug for group in groups)),
            one_of_each_group=self.one_of_each_group,
            requester_may_decide=self.requester_may_decide,
            contributors_may_decide=self.contributors_may_decide,
            requester_may_break_glass=self.requester_may_break_glass,
        )

    @property
    def is_gated(self) -> bool:
        return self.approvals_required > 0

    def namespace_labels(self) -> dict[str, Any]:
        """What every namespace of this environment carries; `slipway.dev/environment` binds the policies."""
        return {**self.labels, "slipway.dev/environment": self.slug}
