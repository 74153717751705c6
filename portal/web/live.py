"""Live parts: answered with an ETag, 304 while nothing has changed, and told to stop once final."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import render

from portal.web.access import SignedIn

STOP_POLLING = 286  # htmx: swap this in, then ask no more


def fingerprint(*facts: object) -> str:
    """An ETag over facts that are cheap to read."""
    return f'"{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}"'


def is_known(request: SignedIn, etag: str) -> bool:
    """Whether the reader has what this ETag stands for."""
    return request.headers.get("If-None-Match") == etag


def unmoved(etag: str) -> HttpResponse:
    return HttpResponseNotModified(headers={"ETag": etag})


def respond(
    request: SignedIn, template: str, context: dict[str, Any], *, etag: str, final: bool
) -> HttpResponse:
    """The fragment, unless the reader has it already."""
    if not final and is_known(request, etag):
        return unmoved(etag)
    status = STOP_POLLING if final else 200
    response = render(request, template, {**context, "etag": etag}, status=status)
    response["ETag"], response["Cache-Control"] = etag, "no-store"
    return response
