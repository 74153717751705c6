"""Secrets at rest: a model field that is ciphertext in the database.

A stored text is `k1:<the key's id>:<Fernet token>`. Each column has keys of its own, derived from those of
SLIPWAY_FIELD_KEYS, so that a text copied into another column cannot be read there. Rows are not told apart:
what a release was sealed with is held against its digest, and kubeconfigs are written by platform engineers
only. Texts from before keys had ids are Fernet tokens without a prefix, and are read until they are rotated.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

SCHEME = "k1"


class KeyMissing(ImproperlyConfigured):
    """A stored secret was written with a key that SLIPWAY_FIELD_KEYS does not hold (any more)."""


def key_id(key: str) -> str:
    """What names a key in public: eight hexadecimal digits."""
    return hashlib.sha256(b"slipway key id:" + key.encode()).hexdigest()[:8]


def newest_prefix() -> str:
    """How every text begins that needs no rotation."""
    return f"{SCHEME}:{key_id(settings.SLIPWAY_FIELD_KEYS[0])}:"


def encrypt(plain: bytes, column: str) -> str:
    """Under the first key, for `table.column`."""
    return newest_prefix() + _box(settings.SLIPWAY_FIELD_KEYS[0], column).encrypt(plain).decode()


def decrypt(text: str, column: str) -> bytes:
    """Raises KeyMissing: the key is gone, the text belongs to another column, or somebody changed it."""
    try:
        if not text.startswith(f"{SCHEME}:"):
            return _boxes_without_ids().decrypt(text)
        _, name, token = text.split(":", 2)
        key = next((each for each in settings.SLIPWAY_FIELD_KEYS if key_id(each) == name), None)
        if key is None:
            raise KeyMissing(
                f"A secret in {column} was encrypted with the key {name}, which is missing from "
                "SLIPWAY_FIELD_KEYS. Put that key back behind the others."
            )
        return _box(key, column).decrypt(token)
    except (InvalidToken, ValueError) as exc:
        raise KeyMissing(
            f"A stored secret in {column} cannot be decrypted: its key is missing from SLIPWAY_FIELD_KEYS, "
            "or it was not written by the portal."
        ) from exc


@lru_cache(maxsize=256)
def _box(key: str, column: str) -> Fernet:
    info = f"slipway field:{column}".encode()
    return Fernet(base64.urlsafe_b64encode(HKDF(hashes.SHA256(), 32, None, info).derive(key.encode())))


def _boxes_without_ids() -> MultiFernet:
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
    """Any JSON value, stored as a token under SLIPWAY_FIELD_KEYS. Cannot be searched."""

    # read by django-stubs
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    @property
    def place(self) -> str:
        """`table.column`: what its keys are derived for."""
        return f"{self.model._meta.db_table}.{self.column}"

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else encrypt(json.dumps(value).encode(), self.place)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else json.loads(decrypt(value, self.place))

    def to_python(self, value: Any) -> Any:
        return value
