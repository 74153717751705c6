"""So that a repeated request is the same request."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.lifecycle.models.change import ChangeRequest


class IdempotencyRecord(models.Model):
    """What a person's Idempotency-Key was first used for."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=71, help_text="Digest of the request's body.")
    change = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user")]

    def __str__(self) -> str:
        return self.key
