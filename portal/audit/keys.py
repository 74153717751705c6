"""The Ed25519 key that signs checkpoints, and those that are trusted to have signed them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from portal.core.digests import canonical

FILE = "audit-key"
SEED_BYTES = 32


class KeyUnusable(ValueError):
    """The key cannot be read; the message says which and what it takes."""


def file() -> Path:
    return Path(settings.SLIPWAY_DATA_DIR) / FILE


def signing_key() -> Ed25519PrivateKey:
    """SLIPWAY_AUDIT_KEY; without it, which production refuses, the key file, made when it is missing."""
    text = settings.SLIPWAY_AUDIT_KEY or _kept()
    return Ed25519PrivateKey.from_private_bytes(_bytes(text, "SLIPWAY_AUDIT_KEY"))


def create() -> bool:
    """Write a key file that only its owner reads. False where there is one: a key is never overwritten."""
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as written:
        written.write(base64.b64encode(os.urandom(SEED_BYTES)).decode() + "\n")
        written.flush()
        os.fsync(handle)
    return True


def _kept() -> str:
    create()
    return file().read_text().strip()


def public_text(key: Ed25519PublicKey) -> str:
    """32 bytes in base64, as SLIPWAY_AUDIT_PUBLIC_KEYS and --public-key take them."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def id_of(key: Ed25519PublicKey) -> str:
    """What a checkpoint names its key by: 16 hexadecimal digits of the SHA-256 of the public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def read_public(text: str) -> Ed25519PublicKey:
    """Raises KeyUnusable."""
    return Ed25519PublicKey.from_public_bytes(_bytes(text, "A public key"))


def trusted(given: Iterable[str] = ()) -> dict[str, Ed25519PublicKey]:
    """By id: those given, or else the present one and those of SLIPWAY_AUDIT_PUBLIC_KEYS. Raises
    KeyUnusable."""
    keys = [read_public(text) for text in given]
    if not keys:
        known = (read_public(text) for text in settings.SLIPWAY_AUDIT_PUBLIC_KEYS)
        keys = [signing_key().public_key(), *known]
    return {id_of(key): key for key in keys}


def sign(content: object, key: Ed25519PrivateKey | None = None) -> str:
    """Of the canonical form, in base64."""
    return base64.b64encode((key or signing_key()).sign(canonical(content))).decode()


def fits(content: object, signature: str, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), canonical(content))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def signed_by_one_of(content: object, signature: str, keys: Mapping[str, Ed25519PublicKey]) -> bool:
    return any(fits(content, signature, key) for key in keys.values())


def _bytes(text: str, name: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise KeyUnusable(f"{name} must be {SEED_BYTES} bytes in base64: openssl rand -base64 32.") from exc
    if len(found) != SEED_BYTES:
        raise KeyUnusable(f"{name} must be {SEED_BYTES} bytes in base64, not {len(found)}.")
    return found
