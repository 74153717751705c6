"""API tokens: only a digest is stored, every token expires."""

from __future__ import annotations

from django.db import models
from knox.models import AbstractAuthToken


class ApiToken(AbstractAuthToken):  # type: ignore[misc]
    """A bearer token of one person or service account, for `Authorization: Token …`."""

    name = models.CharField(max_length=80, blank=True, help_text="What it is used for.")
    last_used_at = models.DateTimeField(null=True, help_text="To the minute.")

    class Meta:
        ordering = ["-created"]
