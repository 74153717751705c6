"""Gives each request's audit events their source and request id."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from portal.audit.context import acting
from portal.audit.models import AuditEvent


class AuditContext:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        source = AuditEvent.Source.API if request.path.startswith("/api/") else AuditEvent.Source.PAGE
        request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64]
        with acting(source, request_id):
            return self.get_response(request)
