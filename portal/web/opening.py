"""Opening a change from a page: a second click on the same page is the same request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.accounts.models import User
from portal.core.digests import digest_of
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.services import changes, wishes


def open_once(actor: User, data: Mapping[str, Any], key: str) -> ChangeRequest:
    """The change that `data` asks for. `key` was drawn with the page. Raises what the services raise."""
    fingerprint = digest_of(data)
    if key and (earlier := changes.replay(actor, key, fingerprint)):
        return earlier
    wish = wishes.resolve(actor, data)
    return changes.open_change(wish, idempotency_key=key or None, fingerprint=fingerprint).change
