"""Recorded admission cases (tests/data/admission-verdicts.json) and what this engine says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portal.policy.bundle import Bundle, load_bundle
from portal.policy.case_requests import params_of, request_of, several, why_broken
from portal.policy.case_validity import problems_of, refusal_of
from portal.policy.types import AdmissionRequest, Document, PolicyInvalid, PolicyProblem

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


def judge_case(case: Mapping[str, Any], load: Load = load_bundle) -> dict[str, Any]:
    """What this engine says of one case, in the shape of what was recorded; None where nothing is said.

    `load` compiles the policies; another one than load_bundle may remember them.
    """
    answer: dict[str, Any] = {**dict.fromkeys(KEYS), "name": case.get("name"), "policyAccepted": True}
    policies = several(case, "policy", "policies")
    documents = [*policies, *several(case, "binding", "bindings")]
    try:
        bundle = load(documents)
    except PolicyInvalid as exc:
        return answer | {"policyAccepted": False, "message": refusal(documents, exc.problems)}
    request = request_of(case)
    written = case["request"].get("object") or {}
    problems = problems_of(written, request)
    invalid = refusal_of(written, request, problems)
    if invalid is not None:
        return answer | invalid
    admission = bundle.admit(request, list(params_of(case)))
    answer["allowed"] = admission.allowed
    answer["httpStatus"] = admission.code if not admission.allowed else _success(request)
    if not admission.allowed:
        answer |= {"reason": admission.reason, "message": admission.message}
    # the server drops fields that it does not know, and says so
    warnings = [problem.message for problem in problems if problem.family == "strict"]
    warnings += admission.warnings
    if warnings:
        answer["warning"] = ", ".join(f"299 - {json.dumps(text, ensure_ascii=False)}" for text in warnings)
    return answer


def _success(request: AdmissionRequest) -> int:
    return SUCCESS.get(request.operation, 200)


def refusal(documents: Sequence[Document], problems: Sequence[PolicyProblem]) -> str:
    """How the API server says that it does not store a policy, or a binding: the first that it refuses."""
    first = problems[0].document
    said = [f"{problem.field}: {problem.message}" for problem in problems if problem.document == first]
    document = documents[first] if first < len(documents) else {}
    metadata = document.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, Mapping) else ""
    kind = f"{document.get('kind')}.{str(document.get('apiVersion')).partition('/')[0]}"
    return f'{kind} "{name}" is invalid: {said[0] if len(said) == 1 else "[" + ", ".join(said) + "]"}'
