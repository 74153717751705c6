"""Browsers that an account has signed in from before, told by a cookie."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.core import signing

SALT = "slipway.device"
LIFETIME = timedelta(days=180)


def cookie_for(name: str) -> str:
    """What the browser keeps after `name` has signed in with it. Opens nothing by itself."""
    return signing.dumps({"d": secrets.token_hex(8), "n": _mark(name)}, salt=SALT)


def known(cookie: str | None, name: str) -> str | None:
    """The browser's name if `name` has signed in with it before, else None."""
    if not cookie or len(cookie) > 400:
        return None
    try:
        said = signing.loads(cookie, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    return str(said["d"]) if said.get("n") == _mark(name) else None


def _mark(name: str) -> str:
    return hashlib.sha256(name.strip().casefold().encode()).hexdigest()[:32]
