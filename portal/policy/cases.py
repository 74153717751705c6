"""Recorded admission cases (tests/data/admission-verdicts.json) and what this engine says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from portal.policy.bundle import Bundle, load_bundle
from portal.policy.defaults import apply_defaults
from portal.policy.expansion import why_not_an_object
from portal.policy.resources import Resources
from portal.policy.types import AdmissionRequest, Document, Operation, PolicyInvalid, PolicyProblem, UserInfo

NAMESPACE = "default"
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
SUCCESS = {"CREATE": 201}
KEYS = ("name", "policyAccepted", "allowed", "httpStatus", "reason", "message", "warning")

Load = Callable[[Sequence[Document]], Bundle]


def answer(case: Any, load: Load = load_bundle) -> dict[str, Any]:
    """What `judge_case` says; of a case that is broken, or breaks the engine, a refusal that says why."""
    name = case.get("name") if isinstance(case, Mapping) else None
    problem = why_broken(case)
    if problem:
        return refused(name, 400, "BadRequest", f"This case cannot be judged: {problem}.")
    try:
        return judge_case(case, load)
    except Exception as exc:
        # what the engine cannot judge is not thereby allowed
        return refused(name, 500, "InternalError", f"Judging this case failed: {type(exc).__name__}: {exc}")


def refused(name: Any, status: int, reason: str, message: str) -> dict[str, Any]:
    said = {"name": name, "policyAccepted": None, "allowed": False, "httpStatus": status}
    return {**dict.fromkeys(KEYS), **said, "reason": reason, "message": message}


def why_broken(case: Any) -> str:
    """What a case lacks to be one, or ""."""
    if not isinstance(case, Mapping):
        return "it is not a mapping"
    for part in ("policy", "request"):
        if not isinstance(case.get(part), Mapping):
            return f"{part} is missing or not a mapping"
    if not isinstance(case.get("binding") or {}, Mapping):
        return "binding is not a mapping"
    request = case["request"]
    if request.get("operation") not in OPERATIONS:
        return f"request.operation is not one of {', '.join(OPERATIONS)}"
    wanted = ("object", "oldObject") if request["operation"] == "DELETE" else ("object",)
    if not any(isinstance(request.get(part), Mapping) for part in wanted):
        return f"request.{wanted[-1]} is missing or not a mapping"
    for part in ("object", "oldObject"):
        problem = why_not_an_object(request[part]) if request.get(part) is not None else ""
        if problem:
            return f"request.{part}: {problem.rstrip('.')}"
    return ""


def judge_case(case: Mapping[str, Any], load: Load = load_bundle) -> dict[str, Any]:
    """What this engine says of one case, in the shape of what was recorded; None where nothing is said.

    `load` compiles the policies; another one than load_bundle may remember them.
    """
    answer: dict[str, Any] = {"name": case["name"], "policyAccepted": True}
    answer |= dict.fromkeys(("allowed", "httpStatus", "reason", "message", "warning"))
    documents = [case["policy"], *([case["binding"]] if case.get("binding") else [])]
    try:
        bundle = load(documents)
    except PolicyInvalid as exc:
        return answer | {"policyAccepted": False, "message": refusal(case["policy"], exc.problems)}
    admission = bundle.admit(request_of(case), params_of(case))
    answer["allowed"] = admission.allowed
    answer["httpStatus"] = admission.code if not admission.allowed else _success(case)
    if not admission.allowed:
        answer |= {"reason": admission.reason, "message": admission.message}
    if admission.warnings:
        answer["warning"] = ", ".join(f"299 - {json.dumps(text)}" for text in admission.warnings)
    return answer


def _success(case: Mapping[str, Any]) -> int:
    return SUCCESS.get(case["request"]["operation"], 200)


def refusal(policy: Document, problems: Sequence[PolicyProblem]) -> str:
    """How the API server says that it does not store a policy."""
    said = [f"{problem.field}: {problem.message}" for problem in problems]
    name = (policy.get("metadata") or {}).get("name", "")
    kind = f"{policy.get('kind')}.{str(policy.get('apiVersion')).partition('/')[0]}"
    return f'{kind} "{name}" is invalid: {said[0] if len(said) == 1 else "[" + ", ".join(said) + "]"}'


def params_of(case: Mapping[str, Any]) -> list[Document]:
    params = case.get("params") or []
    return list(params) if isinstance(params, list) else [params]


def request_of(case: Mapping[str, Any]) -> AdmissionRequest:
    """The request as admission sees it: with defaults, in a namespace."""
    request = case["request"]
    subject = request.get("object") or request.get("oldObject")
    resource = Resources().of(subject["apiVersion"], subject["kind"])
    name = subject["metadata"].get("name", "")
    deleting = request["operation"] == "DELETE"
    namespace = str(subject["metadata"].get("namespace") or NAMESPACE) if resource.namespaced else ""
    user = request.get("userInfo") or {}
    return AdmissionRequest(
        operation=request["operation"],
        group=resource.group,
        version=resource.version,
        resource=resource.resource,
        kind=resource.kind,
        name=name,
        namespace=name if resource.kind == "Namespace" and not resource.group else namespace,
        object=None if deleting else _stored(request.get("object"), namespace),
        old_object=_stored(request.get("oldObject") or (subject if deleting else None), namespace),
        user=UserInfo(
            user.get("username", ""),
            tuple(user.get("groups") or ()),
            user.get("uid", ""),
            user.get("extra") or {},
        ),
        namespace_object=_namespace(namespace, request.get("namespaceLabels") or {}) if namespace else None,
    )


def _stored(document: Document | None, namespace: str) -> Document | None:
    if document is None:
        return None
    stored = apply_defaults(document)
    if namespace:
        stored["metadata"] = {**stored.get("metadata", {}), "namespace": namespace}
    return stored


def _namespace(name: str, labels: Mapping[str, str]) -> Document:
    document = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": dict(labels)},
    }
    return apply_defaults(document)
