"""What the API server checks of built-in kinds beyond their types, in its words. Each module holds its
kinds."""

from __future__ import annotations

from collections.abc import Callable

from portal.sandbox.objects import Object
from portal.sandbox.resources import Resource
from portal.sandbox.statuses import FieldError
from portal.sandbox.validation import access, definitions, extras, network, storage, workloads
from portal.sandbox.validation.pods import validate_pod, validate_pod_update

Check = Callable[[Object], list[FieldError]]
UpdateCheck = Callable[[Object, Object], list[FieldError]]

_CHECKS: dict[tuple[str, str], Check] = {
    ("", "Pod"): validate_pod,
    **workloads.CHECKS,
    **network.CHECKS,
    **storage.CHECKS,
    **access.CHECKS,
    **extras.CHECKS,
    **definitions.CHECKS,
}
_UPDATE_CHECKS: dict[tuple[str, str], UpdateCheck] = {
    ("", "Pod"): validate_pod_update,
    **workloads.UPDATE_CHECKS,
    **network.UPDATE_CHECKS,
    **storage.UPDATE_CHECKS,
    **access.UPDATE_CHECKS,
    **extras.UPDATE_CHECKS,
    **definitions.UPDATE_CHECKS,
}


def validate_create(resource: Resource, obj: Object) -> list[FieldError]:
    check = _CHECKS.get((resource.group, resource.kind))
    return check(obj) if check and not resource.custom else []


def validate_update(resource: Resource, new: Object, old: Object, subresource: str = "") -> list[FieldError]:
    """Everything a create checks, and what may no longer change. A status is its writer's own business."""
    if subresource == "status" or resource.custom:
        return []
    key = (resource.group, resource.kind)
    check, update = _CHECKS.get(key), _UPDATE_CHECKS.get(key)
    return [*(check(new) if check else ()), *(update(new, old) if update else ())]
