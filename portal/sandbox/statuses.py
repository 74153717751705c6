"""Errors as the API server words them: each becomes a `Status` body (k8s.io/apimachinery/pkg/api/errors)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portal.sandbox.objects import encode
from portal.sandbox.resources import Resource

Status = dict[str, Any]
MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


class ApiError(Exception):
    """A refusal. `headers` go with the answer (`Retry-After`)."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.details, self.headers = details, headers or {}

    def status(self) -> Status:
        body: Status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body["message"] = self.message
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


@dataclass(frozen=True)
class FieldError:
    """One finding of validation, as k8s.io/apimachinery/pkg/util/validation/field prints it."""

    reason: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def field_invalid(field: str, value: object, detail: str) -> FieldError:
    return FieldError("FieldValueInvalid", field, f"Invalid value: {encode(value)}: {detail}")


def field_required(field: str, detail: str = "") -> FieldError:
    return FieldError(
        "FieldValueRequired", field, f"Required value: {detail}" if detail else "Required value"
    )


def field_forbidden(field: str, detail: str) -> FieldError:
    return FieldError("FieldValueForbidden", field, f"Forbidden: {detail}")


def field_duplicate(field: str, value: object) -> FieldError:
    return FieldError("FieldValueDuplicate", field, f"Duplicate value: {encode(value)}")


def field_unsupported(field: str, value: object, supported: Iterable[str]) -> FieldError:
    names = ", ".join(f'"{name}"' for name in sorted(supported))
    return FieldError(
        "FieldValueNotSupported", field, f"Unsupported value: {encode(value)}: supported values: {names}"
    )


def field_not_found(field: str, value: object) -> FieldError:
    return FieldError("FieldValueNotFound", field, f"Not found: {encode(value)}")


def field_too_long(field: str, limit: int) -> FieldError:
    return FieldError("FieldValueTooLong", field, f"Too long: may not be more than {limit} bytes")


def field_too_many(field: str, count: int, limit: int) -> FieldError:
    return FieldError("FieldValueTooMany", field, f"Too many: {count}: must have at most {limit} items")


def field_type(field: str, value: object, detail: str) -> FieldError:
    return FieldError("FieldValueTypeInvalid", field, f"Invalid value: {encode(value)}: {detail}")


def plural_name(resource: Resource) -> str:
    """`deployments.apps`, `configmaps`: how errors name a resource."""
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def kind_name(resource: Resource) -> str:
    return f"{resource.kind}.{resource.group}" if resource.group else resource.kind


def _details(resource: Resource, name: str, **more: Any) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if name:
        details["name"] = name
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.plural
    details.update(more)
    return details


def not_found(resource: Resource, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{plural_name(resource)} "{name}" not found', _details(resource, name))


def already_exists(resource: Resource, name: str) -> ApiError:
    message = f'{plural_name(resource)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str, why: str = MODIFIED) -> ApiError:
    message = f'Operation cannot be fulfilled on {plural_name(resource)} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def forbidden(
    resource: Resource, name: str, why: str, causes: list[dict[str, str]] | None = None
) -> ApiError:
    """A refusal by admission: `pods "p" is forbidden: why`."""
    named = f'{plural_name(resource)} "{name}"' if name else plural_name(resource)
    more = {"causes": causes} if causes else {}
    return ApiError(403, "Forbidden", f"{named} is forbidden: {why}", _details(resource, name, **more))


def invalid(group: str, kind: str, name: str, errors: Iterable[FieldError]) -> ApiError:
    """422 with every finding at once."""
    found = list(dict.fromkeys(errors))
    texts = [str(error) for error in found]
    joined = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details: dict[str, Any] = {"name": name} if name else {}
    if group:
        details["group"] = group
    details["kind"] = kind
    details["causes"] = [
        {"reason": error.reason, "message": error.message, "field": error.field} for error in found
    ]
    shown = f"{kind}.{group}" if group else kind
    return ApiError(422, "Invalid", f'{shown} "{name}" is invalid: {joined}', details)


def invalid_object(resource: Resource, name: str, errors: Iterable[FieldError]) -> ApiError:
    return invalid(resource.group, resource.kind, name, errors)


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def method_not_allowed(resource: Resource, verb: str) -> ApiError:
    message = f"{verb} is not supported on resources of kind {plural_name(resource)!r}".replace("'", '"')
    return ApiError(405, "MethodNotAllowed", message, _details(resource, ""))


def gone(message: str) -> ApiError:
    return ApiError(410, "Expired", message)


def unsupported_media_type() -> ApiError:
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def not_acceptable(supported: str) -> ApiError:
    message = f"only the following media types are accepted: {supported}"
    return ApiError(406, "NotAcceptable", message, {})


def too_large(limit: int) -> ApiError:
    return ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}", {})


def not_implemented(what: str) -> ApiError:
    """What the sandbox honestly does not do."""
    return ApiError(501, "NotImplemented", f"the sandbox cluster does not implement {what}")


def internal(message: str) -> ApiError:
    causes = {"causes": [{"message": message}]}
    return ApiError(500, "InternalError", f"Internal error occurred: {message}", causes)


def version_too_large(asked: int, current: int) -> ApiError:
    """504: a list or watch at a resourceVersion that this server has not reached."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    details = {"causes": [cause], "retryAfterSeconds": 1}
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return ApiError(504, "Timeout", message, details, {"Retry-After": "1"})


def success(resource: Resource, name: str, uid: str) -> Status:
    """What a delete answers when the object is gone."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": _details(resource, name, uid=uid),
    }
