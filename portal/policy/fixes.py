"""Ready fixes: what a policy's `fix` annotation gives for an object, and what applying it gives.

A fix is a JSON Patch (RFC 6902) with the operations add, replace and remove.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from portal.core import pointers
from portal.policy.cel.program import Activation
from portal.policy.documents import Policy

Patch: TypeAlias = Sequence[Mapping[str, Any]]

OPERATIONS = ("add", "replace", "remove")
MAX_OPERATIONS = 100


class PatchInapplicable(ValueError):
    """The patch does not fit the document: a place that it names is not there."""


def patch_of(policy: Policy, bindings: Activation, path: str) -> list[dict[str, Any]]:
    """The policy's fix for the judged object; [] when it has none, or none for this object.

    `path` is where the judged Pod stands in its workload ("spec.template"): the patch is of the workload.
    """
    if policy.fix is None:
        return []
    value = policy.fix.evaluate_json(bindings)
    if not isinstance(value, list) or len(value) > MAX_OPERATIONS or not all(map(_is_operation, value)):
        return []
    prefix = "/" + path.replace(".", "/") if path else ""
    return [{**operation, "path": prefix + operation["path"]} for operation in value]


def _is_operation(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("op") in OPERATIONS
        and isinstance(value.get("path"), str)
        and value["path"].startswith("/")
        and (value["op"] == "remove" or "value" in value)
    )


def applied(document: Mapping[str, Any], patch: Patch) -> dict[str, Any]:
    """The document after the patch; raises PatchInapplicable.

    Mappings on the way to an addition are made when they are missing, since what was judged had the API
    server's defaults and the document that somebody wrote may not.
    """
    result = copy.deepcopy(dict(document))
    # a later operation may go into the value of an earlier one
    for operation in copy.deepcopy(list(patch)):
        *way, last = pointers.parse(str(operation["path"]))
        removing = operation["op"] == "remove"
        parent = _walk(result, way, create=not removing)
        _set(parent, last, operation)
    return result


def _walk(value: Any, way: Sequence[str], *, create: bool) -> Any:
    for step in way:
        if isinstance(value, list):
            value = value[_index(value, step)]
        elif isinstance(value, dict):
            if value.get(step) is None and create:
                value[step] = {}
            value = value.get(step)
        else:
            raise PatchInapplicable(f"there is nothing at {step!r}")
    return value


def _set(parent: Any, last: str, operation: Mapping[str, Any]) -> None:
    if isinstance(parent, list):
        if operation["op"] == "add":
            parent.insert(len(parent) if last == "-" else _index(parent, last, end=True), operation["value"])
        elif operation["op"] == "replace":
            parent[_index(parent, last)] = operation["value"]
        else:
            del parent[_index(parent, last)]
    elif isinstance(parent, dict):
        if operation["op"] == "remove":
            parent.pop(last, None)
        else:
            parent[last] = operation["value"]
    else:
        raise PatchInapplicable(f"there is nothing that could hold {last!r}")


def _index(items: Sequence[Any], step: str, *, end: bool = False) -> int:
    if not step.isdigit() or int(step) >= len(items) + end:
        raise PatchInapplicable(f"there is no item {step}")
    return int(step)
