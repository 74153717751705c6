"""Content digests over one canonical serialisation."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no white space, UTF-8; NaN and infinities are refused (RFC 8785 in spirit)."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str
    ).encode()


def digest_of(value: Any) -> str:
    """`sha256:<hex>` of the canonical form of a JSON-like value."""
    return digest_of_bytes(canonical(value))


def digest_of_bytes(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def short(digest: str) -> str:
    """The twelve characters that pages show."""
    return digest.removeprefix("sha256:")[:12]
