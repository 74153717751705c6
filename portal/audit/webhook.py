"""Telling another system, as the Standard Webhooks specification 1.0 says (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from http import HTTPStatus
from typing import Any

import urllib3
from django.conf import settings

from portal.audit.models import Delivery
from portal.audit.undelivered import Refused, Unreachable
from portal.core import clock

TIMEOUT = urllib3.Timeout(total=5)


def send(delivery: Delivery) -> None:
    """POST it, once; redirects are not followed. Raises Unreachable (try again) or Refused (do not)."""
    message = delivery.message
    body = {**message, "id": str(delivery.pk), "url": f"{settings.SLIPWAY_BASE_URL}{message['url']}"}
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    with urllib3.PoolManager(timeout=TIMEOUT, retries=False) as pool:
        try:
            response = pool.request(
                "POST",
                settings.SLIPWAY_WEBHOOK_URL,
                body=data,
                headers=headers(str(delivery.pk), int(clock.now().timestamp()), data),
                redirect=False,
                preload_content=False,  # what it answers beside the status is of no interest
            )
        except urllib3.exceptions.HTTPError as exc:
            raise Unreachable(_words(exc)) from exc
        status = response.status
        response.close()
    if status == HTTPStatus.GONE:
        raise Refused("It answered 410: it wants no more.")
    if not 200 <= status < 300:
        raise Unreachable(f"It answered {status}.")


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


def _words(error: Any) -> str:
    """What went wrong, without the address: it may hold a token."""
    kinds = {
        urllib3.exceptions.NewConnectionError: "It cannot be reached.",
        urllib3.exceptions.TimeoutError: "It did not answer in time.",
        urllib3.exceptions.SSLError: "Its certificate could not be verified.",
    }
    return next((words for kind, words in kinds.items() if isinstance(error, kind)), "It cannot be reached.")
