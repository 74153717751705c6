"""Telling another system, as the Standard Webhooks specification 1.0 says (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings

from portal.audit.models import Delivery
from portal.audit.undelivered import Refused, Unreachable
from portal.core import clock

# from the first packet to the last header, however slowly it answers
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
    parts = urlsplit(settings.SLIPWAY_WEBHOOK_URL)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    late = threading.Event()
    timer = threading.Timer(SECONDS, _hang_up, [connection, late])
    timer.start()
    try:
        connection.request("POST", target, data, fields)
        response: HTTPResponse = connection.getresponse()  # the body is of no interest
        if late.is_set():  # cut off, what was read of the headers looks like all of them
            raise TimeoutError
        return response.status, response.headers.get("retry-after", "")
    except ssl.SSLCertVerificationError as exc:
        raise Unreachable("Its certificate could not be verified.") from exc
    except (OSError, HTTPException) as exc:
        in_time = not (late.is_set() or isinstance(exc, TimeoutError))
        raise Unreachable("It cannot be reached." if in_time else "It did not answer in time.") from exc
    finally:
        timer.cancel()
        connection.close()


def _hang_up(connection: HTTPConnection, late: threading.Event) -> None:
    """A server that sends a byte now and then would keep a worker for ever: timeouts are for each read."""
    late.set()
    with suppress(OSError, AttributeError):  # not connected yet, or closed just now
        connection.sock.shutdown(socket.SHUT_RDWR)


def _wait(retry_after: str) -> timedelta:
    """What the receiver asks for, in seconds, up to LONGEST_WAIT; dates are left alone."""
    asked = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0
    return min(timedelta(seconds=min(asked, 10**6)), LONGEST_WAIT)
