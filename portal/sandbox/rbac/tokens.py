"""Service account tokens: signed (JWT, HS256, the cluster's own key), bound to the account's uid.

A token is only as alive as its account, and its Secret or Pod when it is bound to one: all are looked up
again at each use, so deleting them revokes it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Any

ISSUER = "https://kubernetes.default.svc.cluster.local"
AUDIENCES = [ISSUER]
_HEADER = {"alg": "HS256", "typ": "JWT"}


def load_key(file: Path) -> bytes:
    """The signing key kept in `file`, made on first use (mode 0600)."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(secrets.token_bytes(32))
    return file.read_bytes()


class Signer:
    """Signs claims and checks signatures with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, claims: dict[str, Any]) -> str:
        body = f"{_encode(_HEADER)}.{_encode(claims)}"
        return f"{body}.{self._signature(body)}"

    def verify(self, token: str) -> dict[str, Any] | None:
        """The claims, or None when the token was not signed here or is not a token at all."""
        body, _, signature = token.rpartition(".")
        if body.count(".") != 1 or not hmac.compare_digest(
            signature.encode(), self._signature(body).encode()
        ):
            return None
        claims: dict[str, Any] = json.loads(_decode(body.partition(".")[2]))
        return claims

    def _signature(self, body: str) -> str:
        return _text(hmac.digest(self._key, body.encode(), hashlib.sha256))


def claims_for(
    account: dict[str, Any],
    *,
    now: int,
    seconds: int | None,
    audiences: list[str] | None = None,
    bound_to: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Claims of a token for `account`; `seconds` None never expires (Secret tokens)."""
    metadata = account["metadata"]
    private: dict[str, Any] = {
        "namespace": metadata["namespace"],
        "serviceaccount": {"name": metadata["name"], "uid": metadata["uid"]},
    }
    if bound_to:
        private[bound_to["kind"].lower()] = {"name": bound_to["name"], "uid": bound_to["uid"]}
    claims = {
        "aud": audiences or AUDIENCES,
        "iat": now,
        "nbf": now,
        "iss": ISSUER,
        "jti": secrets.token_hex(16),
        "sub": username(metadata["namespace"], metadata["name"]),
        "kubernetes.io": private,
    }
    return claims if seconds is None else {**claims, "exp": now + seconds}


def username(namespace: str, name: str) -> str:
    return f"system:serviceaccount:{namespace}:{name}"


def groups(namespace: str) -> tuple[str, ...]:
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")


def _encode(document: dict[str, Any]) -> str:
    return _text(json.dumps(document, separators=(",", ":")).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
