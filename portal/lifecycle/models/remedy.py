"""What a change of kind remediate is to set right."""

from __future__ import annotations

from typing import Any

from django.db import models

from portal.lifecycle.models.change import ChangeRequest


class Remedy(models.Model):
    """The drift that a change answers, as it was when somebody asked. Written once, with the change.

    `items` are {"object": {apiVersion, kind, namespace, name}, "path", "how", "sealed", "live", "manager"};
    values are masked.
    """

    class Does(models.TextChoices):
        REVERT = "revert", "Bring back what was sealed"
        ADOPT = "adopt", "Seal what runs"

    change = models.OneToOneField(
        ChangeRequest, primary_key=True, on_delete=models.PROTECT, related_name="remedy"
    )
    does = models.CharField(max_length=6, choices=Does.choices)
    items = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "remedies"

    def __str__(self) -> str:
        return f"{self.does} by change {self.change_id}"

    @property
    def added(self) -> list[dict[str, Any]]:
        """What others put besides, which applying the release again would leave."""
        return [item for item in self.items if item["how"] == "added"]
