"""Every error as application/problem+json (RFC 9457): the one place that chooses an HTTP status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.core import exceptions as django_errors
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from rest_framework import exceptions as framework
from rest_framework.views import set_rollback

from portal.clusters import errors as clusters
from portal.core import errors
from portal.core.outbound import errors as outbound
from portal.lifecycle.selectors.bundle import PoliciesUnusable
from portal.policy import PolicyInvalid
from portal.policy.modes import ModeImpossible

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 10
OWN_MEMBERS = frozenset({"type", "title", "status", "detail", "code", "request_id"})

# The nearest class of an error's ancestry decides. docs/api.md is checked against these codes.
STATUS: Mapping[type[errors.SlipwayError], int] = {
    errors.SlipwayError: 500,
    errors.InvalidInput: 400,
    errors.NotPermitted: 403,
    errors.NotFound: 404,
    errors.TooManyAttempts: 429,
    errors.StateConflict: 409,
    errors.SealBroken: 409,
    ModeImpossible: 409,
    errors.TooLarge: 413,
    errors.ValidationFailed: 422,
    errors.PolicyDenied: 422,
    errors.QuotaExceeded: 422,
    errors.OutOfScope: 422,
    outbound.AddressRefused: 422,
    outbound.NotReached: 502,
    PolicyInvalid: 422,
    PoliciesUnusable: 500,
    clusters.ClusterError: 502,
    clusters.ClusterConflict: 409,
    clusters.ChartDoesNotRender: 422,
    clusters.RenderLimitExceeded: 422,
    clusters.ClusterRefused: 422,
    clusters.ClusterUnreachable: 503,
    clusters.HelmTimeout: 503,
    clusters.ReleaseLocked: 503,
}
FRAMEWORK: Mapping[type[framework.APIException], str] = {
    framework.ParseError: errors.InvalidInput.code,
    framework.AuthenticationFailed: "authentication_failed",
    framework.NotAuthenticated: "not_authenticated",
    framework.PermissionDenied: errors.NotPermitted.code,
    framework.NotFound: errors.NotFound.code,
    framework.MethodNotAllowed: "method_not_allowed",
    framework.NotAcceptable: "not_acceptable",
    framework.UnsupportedMediaType: "unsupported_media_type",
    framework.Throttled: "throttled",
}
WORDS = {
    "authentication_failed": "The token is wrong, expired or revoked. Create another one under your name.",
    "not_authenticated": "Sign in, or send a token with the header `Authorization: Token …`.",
    "not_found": errors.NotFound.default_message,
    "internal_error": "Something went wrong on our side and was logged. Quote request_id when you report it.",
    "database_unavailable": "The database does not answer. Try again in a moment.",
}


@dataclass(frozen=True)
class Problem:
    """What a response says. `extra` holds the members that its code adds: errors, verdicts, change …"""

    status: int
    code: str
    detail: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {
            "type": f"urn:slipway:problem:{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **{name: value for name, value in self.extra.items() if name not in OWN_MEMBERS},
            "request_id": str(structlog.contextvars.get_contextvars().get("request_id", "")),
        }

    def response(self) -> JsonResponse:
        response = JsonResponse(
            self.body(), status=self.status, content_type=CONTENT_TYPE, headers=dict(self.headers)
        )
        response["Cache-Control"] = "no-store"
        return response


def handler(exc: Exception, context: Mapping[str, Any]) -> JsonResponse:
    """REST framework's EXCEPTION_HANDLER, for every exception that a view of ours raises."""
    set_rollback()
    return problem_of(exc).response()


def problem_of(exc: Exception) -> Problem:
    if isinstance(exc, errors.SlipwayError):
        return _own(exc)
    if isinstance(exc, framework.APIException):
        return _framework(exc)
    if isinstance(exc, Http404 | django_errors.ObjectDoesNotExist):
        return Problem(404, errors.NotFound.code, errors.NotFound.default_message)
    if isinstance(exc, django_errors.PermissionDenied):
        return Problem(403, errors.NotPermitted.code, errors.NotPermitted.default_message)
    if isinstance(exc, django_errors.RequestDataTooBig):
        return Problem(413, errors.TooLarge.code, errors.TooLarge.default_message)
    if isinstance(exc, django_errors.SuspiciousOperation | django_errors.BadRequest | UnreadablePostError):
        return Problem(400, errors.InvalidInput.code, errors.InvalidInput.default_message)
    log.error("api_error", exc_info=exc)
    if isinstance(exc, OperationalError):
        return Problem(503, "database_unavailable", WORDS["database_unavailable"], headers=_later())
    return Problem(500, "internal_error", WORDS["internal_error"])


def _own(exc: errors.SlipwayError) -> Problem:
    status = next(STATUS[cls] for cls in type(exc).__mro__ if cls in STATUS)
    if status >= 500:
        log.warning("api_refused", code=exc.code, message=exc.message)
    headers = _later() if status == 503 else {}
    if isinstance(exc, errors.TooManyAttempts):
        headers = {"Retry-After": str(exc.seconds)}
    return Problem(status, exc.code, exc.message, exc.details, headers)


def _framework(exc: framework.APIException) -> Problem:
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    if isinstance(exc, framework.ValidationError):
        found = list(flatten(exc.detail))
        return _own(errors.ValidationFailed(found))
    if isinstance(exc, framework.Throttled):
        headers["Retry-After"] = str(int(getattr(exc, "wait", None) or 0) + 1)
    code = FRAMEWORK.get(type(exc), "error")
    return Problem(exc.status_code, code, WORDS.get(code, str(exc.detail)), headers=headers)


def flatten(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """REST framework's nested errors as a list of {path (JSON pointer), message, code}."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flatten(inner, path if name == "non_field_errors" else f"{path}/{_escape(str(name))}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            yield from flatten(inner, path if isinstance(inner, str) else f"{path}/{index}")
    else:
        yield {"path": path, "message": str(detail), "code": str(getattr(detail, "code", "invalid"))}


def _escape(name: str) -> str:
    """A name as a step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _later() -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_SECONDS)}


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
