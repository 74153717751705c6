"""Telling another system, as the Standard Webhooks specification 1.0 says (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from http import HTTPStatus

from django.conf import settings

from portal.audit.models import Delivery
from portal.audit.undelivered import Refused, Unreachable
from portal.core import clock
from portal.core.outbound import calls
from portal.core.outbound.errors import AddressRefused, NotReached

# from the name to the last header, however slowly it answers
SECONDS = 5.0
LONGEST_WAIT = timedelta(hours=1)


def send(delivery: Delivery) -> None:
    """POST it, once; redirects are not followed. Raises Unreachable (try again) or Refused (do not)."""
    message = delivery.message
    body = {**message, "id": str(delivery.pk), "url": f"{settings.SLIPWAY_BASE_URL}{message['url']}"}
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    status, retry_after = _post(data, headers(str(delivery.pk), int(clock.now().timestamp()), data))
    if status == HTTPStatus.GONE:
        raise Refused("It answered 410: it wants no more.")
    if not 200 <= status < 300:
        raise Unreachable(f"It answered {status}.", wait=_wait(retry_after))


def headers(identity: str, timestamp: int, data: bytes) -> dict[str, str]:
    """`identity` stays the same when it is sent again, so that a receiver can tell."""
    return {
        "content-type": "application/json",
        "user-agent": "Slipway",
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            sign(key, identity, timestamp, data) for key in settings.SLIPWAY_WEBHOOK_KEYS
        ),
    }


def sign(key: bytes, identity: str, timestamp: int, data: bytes) -> str:
    content = f"{identity}.{timestamp}.".encode() + data
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _post(data: bytes, fields: dict[str, str]) -> tuple[int, str]:
    """The status and Retry-After. Errors never name the address: it may hold a token."""
    try:
        answer = calls.call(
            "POST",
            settings.SLIPWAY_WEBHOOK_URL,
            allowed=settings.SLIPWAY_OUTBOUND_ALLOWED,
            seconds=SECONDS,
            body=data,
            headers=fields,
            most_bytes=0,
        )
    except (AddressRefused, NotReached) as exc:
        raise Unreachable(exc.message) from exc
    return answer.status, answer.headers.get("retry-after", "")


def _wait(retry_after: str) -> timedelta:
    """What the receiver asks for, in seconds, up to LONGEST_WAIT; dates are left alone."""
    asked = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0
    return min(timedelta(seconds=min(asked, 10**6)), LONGEST_WAIT)
