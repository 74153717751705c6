"""Errors as pages that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.core import errors

Handler = Callable[[HttpRequest], HttpResponse]

# First match wins; the order goes from narrow to wide.
STATUS: tuple[tuple[type[errors.SlipwayError], HTTPStatus], ...] = (
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.TooManyAttempts, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.NotPermitted, HTTPStatus.FORBIDDEN),
    (errors.StateConflict, HTTPStatus.CONFLICT),
    (errors.SealBroken, HTTPStatus.CONFLICT),
    (errors.TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.InvalidInput, HTTPStatus.BAD_REQUEST),
    (errors.ValidationFailed, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.PolicyDenied, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.QuotaExceeded, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.OutOfScope, HTTPStatus.UNPROCESSABLE_ENTITY),
)
TITLES = {
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts",
    HTTPStatus.CONFLICT: "Too late, or somebody else was first",
    HTTPStatus.UNPROCESSABLE_ENTITY: "This needs to be corrected",
}


def status_of(error: errors.SlipwayError) -> HTTPStatus:
    """The HTTP status of one of our errors; what nobody declared is a part that did not answer."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), HTTPStatus.BAD_GATEWAY)


class ErrorPages:
    """Our own errors become a page, or for htmx a fragment beside their cause."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, errors.SlipwayError) or request.path.startswith("/api/"):
            return None
        status = status_of(error)
        context = {"error": error, "title": TITLES.get(status, "Something is in the way"), "status": status}
        if not getattr(request, "htmx", False):
            return render(request, "errors/refused.html", context, status=status)
        response = render(request, "errors/_fragment.html", context, status=status)
        response["X-Slipway-Fragment"] = "1"
        return response
