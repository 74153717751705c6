from __future__ import annotations

from django.db import models

from services_catalog.models.offering_version import OfferingVersion


class Plan(models.Model):
    """A named preset of values with its price."""

    offering_version = models.ForeignKey(OfferingVersion, on_delete=models.CASCADE, related_name="plans")
    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=300, blank=True)
    values = models.JSONField(default=dict, blank=True)
    price_cents_per_month = models.PositiveIntegerField(default=0)
    is_default = models.BooleanField(default=False)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("offering_version", "order", "slug")
        constraints = (
            models.UniqueConstraint(fields=["offering_version", "slug"], name="plan_slug_unique_in_version"),
            models.UniqueConstraint(
                fields=["offering_version"],
                condition=models.Q(is_default=True),
                name="plan_one_default_per_version",
            ),
        )

    def __str__(self) -> str:
        return self.name
