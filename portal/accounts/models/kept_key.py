"""Keys that outlive those of the settings."""

from __future__ import annotations

from django.db import models

from portal.accounts.encryption import EncryptedJSONField


class KeptKey(models.Model):
    """What fingerprints of secrets are made with; portal/accounts/fingerprint_keys.py."""

    purpose = models.CharField(max_length=20, unique=True)
    secret = EncryptedJSONField(help_text="32 bytes in hexadecimal. Stored encrypted, never shown.")

    def __str__(self) -> str:
        return self.purpose
