"""Secrets at rest: a model field that is ciphertext in the database."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def _box() -> MultiFernet:
    """The first key encrypts, all of them decrypt: rotation is a new key in front of the list."""
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))
            for key in settings.SLIPWAY_FIELD_KEYS
        ]
    )


if TYPE_CHECKING:
    AnyTextField = models.TextField[Any, Any]  # the stubs' class is generic, Django's is not
else:
    AnyTextField = models.TextField


class EncryptedJSONField(AnyTextField):
    """Any JSON value, stored as a Fernet token under SLIPWAY_FIELD_KEYS. Cannot be searched."""

    # read by django-stubs
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else _box().encrypt(json.dumps(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        try:
            return json.loads(_box().decrypt(value.encode()))
        except InvalidToken as exc:
            raise ImproperlyConfigured(
                "A stored secret cannot be decrypted: its key is missing from SLIPWAY_FIELD_KEYS."
            ) from exc

    def to_python(self, value: Any) -> Any:
        return value
