"""What was sealed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from portal.accounts.encryption import EncryptedJSONField
from portal.core.digests import digest_of, short
from portal.lifecycle.models.instance import ServiceInstance
from services_catalog.models import ChartArchive, OfferingVersion, Plan


class Release(models.Model):
    """Sealed and immutable: chart digest + values + rendered objects' digest + policy bundle digest + target.

    `objects_masked` and `masked_values` are for people: secrets in them are fingerprints. What is applied
    is rendered
    again from `chart` and `values`, and must come to `objects_digest`.
    """

    instance = models.ForeignKey(ServiceInstance, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField(help_text="1, 2, 3 … within the instance")
    offering_version = models.ForeignKey(OfferingVersion, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="+")
    chart = models.ForeignKey(ChartArchive, on_delete=models.PROTECT, related_name="+")
    inputs = EncryptedJSONField(help_text="The values that people gave.")
    values = EncryptedJSONField(
        help_text="Chart defaults, plan, inputs, locked values and generated secrets, merged."
    )
    masked_values = models.JSONField(help_text="As `values`, secrets masked.")
    objects_digest = models.CharField(max_length=71)
    policy_digest = models.CharField(max_length=71)
    target = models.JSONField(help_text="{cluster, namespace, release, kube_version}")
    images = models.JSONField(default=list)
    objects_masked = models.JSONField(help_text="The rendered documents, secrets masked.")
    usage = models.JSONField(
        default=dict, help_text="What it counts against a quota: {resource: decimal as text}."
    )
    verdicts = models.JSONField(default=list)
    exceptions = models.JSONField(default=list, help_text="Ids of the policy exceptions that it relies on.")
    ingredients = models.JSONField(
        default=dict, help_text="What the digest is over, by name; portal/lifecycle/operations/seals.py."
    )
    digest = models.CharField(max_length=71, db_index=True)
    promoted_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="promotions")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["instance", "number"], name="release_number_once")]

    def __str__(self) -> str:
        return f"{self.instance} #{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        if self.pk is not None:
            raise TypeError("A release is sealed: it cannot be changed, only followed by another.")
        self.ingredients = self.current_ingredients()
        self.digest = self.computed_digest()
        super().save(*args, **kwargs)

    def computed_digest(self) -> str:
        return digest_of(self.ingredients)

    def current_ingredients(self) -> dict[str, Any]:
        """What the digest has to be over, by this row's other columns as they are now."""
        parts = {
            "chart": self.chart_id,
            "values": digest_of(self.values),
            "objects": self.objects_digest,
            "policy": self.policy_digest,
            "target": self.target,
            "images": self.images,
        }
        if self.exceptions:
            parts["exceptions"] = self.exceptions
        return parts

    @property
    def short_digest(self) -> str:
        return short(self.digest)
