"""Secrets are never shown; that one changed is."""

from __future__ import annotations

import copy
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "••••••"


def fingerprint(value: Any, key: bytes) -> str:
    """A keyed, one-way mark: equal secrets look equal, nothing else is learnt."""
    return f"{MASK} ({hmac.new(key, str(value).encode(), hashlib.sha256).hexdigest()[:8]})"


def mask_documents(documents: Iterable[Mapping[str, Any]], key: bytes) -> list[dict[str, Any]]:
    """Copies of Kubernetes objects in which each value of a Secret's data is its fingerprint."""
    return [mask_document(document, key) for document in documents]


def mask_document(document: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    masked = copy.deepcopy(dict(document))
    if masked.get("kind") == "Secret" and masked.get("apiVersion") == "v1":
        for field in ("data", "stringData"):
            if isinstance(masked.get(field), dict):
                masked[field] = {name: fingerprint(value, key) for name, value in masked[field].items()}
        annotations = (masked.get("metadata") or {}).get("annotations")
        if isinstance(annotations, dict):
            annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return masked


def mask_paths(values: Mapping[str, Any], paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """A copy of chart values with the leaves at `paths` masked."""
    masked = copy.deepcopy(dict(values))
    for path in paths:
        parent: Any = masked
        for part in path[:-1]:
            parent = parent.get(part) if isinstance(parent, dict) else None
        if isinstance(parent, dict) and path and parent.get(path[-1]) not in (None, ""):
            parent[path[-1]] = MASK
    return masked


# the last words of keys whose values are secret, and what a text must never carry
_SECRET_KEY = re.compile(
    r"(^|[^a-z])(password|passwd|passphrase|passcode|secret|token|credentials?|kubeconfig|authorization|cookie"
    r"|(api|private|access|secret|signing|encryption|client|master)[^a-z]?key)$"
)
# a reference to a secret is none: existingSecret, imagePullSecret
_REFERENCE = re.compile(r"(^|[^a-z])(existing|pull|tls)[^a-z]?secret$")
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\bslw_[A-Za-z0-9_-]{16,}"
    r"|(?<=\bBearer )[A-Za-z0-9._~+/=-]{16,}"
    r"|(?<=://)[^\s/:@]{1,200}:[^\s/@]{1,200}(?=@)",
    re.DOTALL,
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def mask_secrets(value: Any) -> Any:
    """A copy of a JSON value without what looks like a secret, by its key or by itself. A last line of
    defence, for what should have been masked by whoever knows its schema."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, list):
        return [mask_secrets(each) for each in value]
    if isinstance(value, dict):
        return {
            name: _masked(each) if is_secret_key(name) else mask_secrets(each) for name, each in value.items()
        }
    return value


def mask_text(text: str) -> str:
    """Private keys, tokens and passwords in addresses are masked; the text around them stays."""
    return _SECRET_TEXT.sub(MASK, text)


def is_secret_key(name: str) -> bool:
    words = _HUMP.sub("_", name).lower()
    return bool(_SECRET_KEY.search(words)) and not _REFERENCE.search(words)


def _masked(value: Any) -> Any:
    """Every leaf masked; that nothing is set, or whether something is, stays to be seen."""
    if isinstance(value, dict):
        return {name: _masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    known = value is None or isinstance(value, bool) or value == ""
    return value if known or str(value).startswith(MASK) else MASK
