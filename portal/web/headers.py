"""What every answer tells the browser, and how long a session lives."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_cache_control

from portal.accounts.addresses import address_of

Handler = Callable[[HttpRequest], HttpResponse]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Tabler draws its check marks and arrows so
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
NOTHING = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "midi",
           "payment", "publickey-credentials-get", "usb")  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in NOTHING),
    "Cross-Origin-Resource-Policy": "same-origin",
}
CLEAR = {
    "type": "urn:slipway:problem:tls_required",
    "title": "Tls required",
    "status": 403,
    "code": "tls_required",
    "detail": "Use https. A token sent in the clear may have been read: revoke it.",
}
# what a page asks for by itself, while nobody need be there
LIVE_PARTS = ("-live", "-objects")


class SecurityHeaders:
    """Nothing inline, nothing from elsewhere. A view that needs more sets its own header."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = _in_the_clear(request) or self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class LivingSession:
    """Whatever a person does keeps the session alive, and nothing that was for one person is stored. An ETag
    is made before, by whoever answers: it is for those who keep an answer on purpose."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # in the log as it counts for sign-ins, not as anybody may write it into a header
        structlog.contextvars.bind_contextvars(ip=address_of(request.META))
        response = self.get_response(request)
        personal = request.path.startswith("/api/v1/")
        if request.session.accessed and SESSION_KEY in request.session:
            personal = True
            if not _asked_by_the_page(request):
                request.session.touch()  # type: ignore[attr-defined] # portal.accounts.sessions
        if personal and "Cache-Control" not in response.headers:
            patch_cache_control(response, private=True, no_store=True)
        return response


def _in_the_clear(request: HttpRequest) -> HttpResponse | None:
    """A refusal for a program that speaks plain http where only TLS is served: a redirect would hide that its
    token has crossed the network for all to read."""
    if not settings.SECURE_SSL_REDIRECT or request.is_secure() or not request.path.startswith("/api/"):
        return None
    return JsonResponse(CLEAR, status=403, content_type="application/problem+json")


def _asked_by_the_page(request: HttpRequest) -> bool:
    match = request.resolver_match
    return bool(request.headers.get("HX-Request") and match and (match.url_name or "").endswith(LIVE_PARTS))
