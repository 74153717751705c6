"""What the API server has against an object before any policy is asked: its form, its name, its selector."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portal.policy import schema
from portal.policy.matching import Selector, labels_of
from portal.policy.types import AdmissionRequest, Document

SELECTING = frozenset({"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"})
NO_NAME = "metadata.name: Required value: name or generateName is required"


def problems_of(written: Document, request: AdmissionRequest) -> list[schema.SchemaProblem]:
    """What decoding and validation have against a document as it was written; nothing when none is."""
    if request.object is None or request.operation == "CONNECT" or request.sub_resource:
        return []
    return schema.check(written)


def refusal_of(
    written: Document, request: AdmissionRequest, problems: Sequence[schema.SchemaProblem]
) -> dict[str, Any] | None:
    """The answer to what cannot be read, or is not valid; None when the policies have the word."""
    if any(problem.family == "kind" for problem in problems):
        message = "the server could not find the requested resource"
        return {"allowed": False, "httpStatus": 404, "reason": "NotFound", "message": message}
    unreadable = [problem for problem in problems if problem.family == "type"]
    if unreadable:
        message = schema.explained(written, unreadable[:1])
        return {"allowed": False, "httpStatus": 400, "reason": "BadRequest", "message": message}
    if request.object is None or request.operation == "CONNECT" or request.sub_resource:
        return None
    invalid = [] if request.name else [NO_NAME]
    invalid += [problem.message for problem in problems if problem.family == "missing"]
    invalid += _mismatch(request, written)
    invalid += _debugging(request, written)
    if not invalid:
        return None
    kind = f"{request.kind}.{request.group}" if request.group else request.kind
    said = invalid[0] if len(invalid) == 1 else "[" + ", ".join(invalid) + "]"
    message = f'{kind} "{request.name}" is invalid: {said}'
    return {"allowed": False, "httpStatus": 422, "reason": "Invalid", "message": message}


def _mismatch(request: AdmissionRequest, written: Document) -> Iterator[str]:
    """A workload must select the Pods that its own template makes."""
    if request.group != "apps" or request.kind not in SELECTING:
        return
    spec = written.get("spec")
    template = spec.get("template") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(template, Mapping):
        return
    labels, selector = labels_of(template), spec.get("selector")
    try:
        matches = selector is not None and Selector.read(selector).matches(labels)
    except (AttributeError, TypeError, ValueError):
        matches = False
    if not matches:
        shown = json.dumps(dict(labels), separators=(",", ":"), sort_keys=True) if labels else "null"
        where = "spec.template.metadata.labels"
        yield f"{where}: Invalid value: {shown}: `selector` does not match template `labels`"


def _debugging(request: AdmissionRequest, written: Document) -> Iterator[str]:
    """Ephemeral containers join a Pod that runs; no Pod is made with them."""
    spec = written.get("spec")
    at_once = request.operation == "CREATE" and (request.group, request.kind) == ("", "Pod")
    if at_once and isinstance(spec, Mapping) and spec.get("ephemeralContainers"):
        yield "spec.ephemeralContainers: Forbidden: cannot be set on create"
