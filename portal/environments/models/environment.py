"""A stage on the way to production, and its gate."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models

from portal.environments.gates import Gate
from portal.environments.models.cluster import Cluster


class Environment(models.Model):
    """A stage: its place in the order, its cluster, its labels, its gate."""

    class Stripe(models.TextChoices):
        """The fixed colour that tells people where they are."""

        DEV = "dev", "Development (slate)"
        STAGING = "staging", "Staging (amber)"
        PRODUCTION = "production", "Production (plum)"

    slug = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=40)
    order = models.PositiveSmallIntegerField(unique=True)
    stripe = models.CharField(max_length=12, choices=Stripe.choices, default=Stripe.DEV)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="environments")
    promotes_from = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="promotes_to",
        help_text="The stage whose running release may be promoted to this one.",
    )
    labels = models.JSONField(
        default=dict, blank=True, help_text="Labels of each namespace here; policies bind to them."
    )
    approvals_required = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(5)])
    changes_expire_after_hours = models.PositiveIntegerField(default=168)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(promotes_from=models.F("id")), name="environment_not_its_own_source"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def gate(self) -> Gate:
        return Gate(environment=self.slug, approvals_required=self.approvals_required)

    @property
    def is_gated(self) -> bool:
        return self.approvals_required > 0

    def namespace_labels(self) -> dict[str, Any]:
        """What every namespace of this environment carries; `slipway.dev/environment` binds the policies."""
        return {**self.labels, "slipway.dev/environment": self.slug}
