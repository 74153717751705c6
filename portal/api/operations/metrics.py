"""Metrics for Prometheus, not for everybody."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import generate_latest

from portal.insights import execution

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST")


def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever knows SLIPWAY_METRICS_TOKEN (`Authorization: Bearer …`), or asks from this very machine."""
    if _knows_token(request) or _is_local(request):
        page: HttpResponse = ExportToDjangoView(request)
        page.content += _execution()
        return page
    return HttpResponseForbidden(
        "Send the metrics token: Authorization: Bearer …\n", content_type="text/plain"
    )


def _execution() -> bytes:
    """Nothing while the database is away: what the processes themselves count is still told."""
    try:
        return generate_latest(execution.registry())
    except DatabaseError:
        return b""


def _knows_token(request: HttpRequest) -> bool:
    wanted: str = settings.SLIPWAY_METRICS_TOKEN
    sent = request.headers.get("Authorization", "")
    return bool(wanted) and hmac.compare_digest(sent.encode(), f"Bearer {wanted}".encode())


def _is_local(request: HttpRequest) -> bool:
    """A request that came through a proxy is somebody else's, whatever address it shows."""
    if any(request.META.get(name) for name in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
