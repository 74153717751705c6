"""How often signing in went wrong."""

from __future__ import annotations

from django.db import models


class SignInCount(models.Model):
    """Failed sign-ins of one account, address or browser. There are never more rows than buckets: what is
    counted is hashed into one of them (portal/accounts/throttling.py)."""

    bucket = models.CharField(max_length=20, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    open_at = models.DateTimeField(help_text="Until then the next attempt is refused unread.")
    told_at = models.DateTimeField(null=True, help_text="When the audit trail last said so.")

    def __str__(self) -> str:
        return f"{self.bucket}: {self.failures}"
