"""The API server's answer to one request (apiserver/pkg/admission/plugin/policy/validating/dispatcher.go)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from portal.policy.documents import Binding, Policy
from portal.policy.evaluation import Context, Decision, Evaluation, ParamsUnavailable, evaluate
from portal.policy.types import Admission, AdmissionRequest, Document

if TYPE_CHECKING:
    from portal.policy.bundle import Bundle

CODES = {"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413}
INVALID_CODE = 422
FAILURE_ANNOTATION = "validation.policy.admission.k8s.io/validation_failure"


def admit(bundle: Bundle, request: AdmissionRequest, params: Sequence[Document]) -> Admission:
    """Every policy is evaluated; the first refusal is the answer."""
    context = Context(request, (*bundle.params, *params))
    denied: list[tuple[Policy, Binding, Decision]] = []
    warnings: dict[str, None] = {}
    annotations: dict[str, str] = {}
    for policy, bindings in bundle.bound:
        if not policy.match.matches(request):
            continue
        published: dict[str, dict[str, None]] = {}
        for binding in bindings:
            if not binding.match.matches(request):
                continue
            for evaluation in _evaluations(policy, binding, context, denied):
                for decision in evaluation.decisions:
                    if not decision.admitted:
                        _act(policy, binding, decision, denied, warnings, annotations)
                for key, value in evaluation.annotations.items():
                    published.setdefault(key, {})[value] = None
                denied += [
                    (policy, binding, Decision(-1, admitted=False, failed=True, message=message))
                    for message in evaluation.annotation_errors
                ]
        annotations |= {f"{policy.name}/{key}": ", ".join(values) for key, values in published.items()}
    if not denied:
        return Admission(True, warnings=tuple(warnings), audit_annotations=annotations)
    return _refusal(request, denied[0], tuple(warnings), annotations)


def _evaluations(
    policy: Policy, binding: Binding, context: Context, denied: list[tuple[Policy, Binding, Decision]]
) -> Iterator[Evaluation]:
    try:
        params = context.collect(policy, binding)
    except ParamsUnavailable as exc:
        if not policy.fails_open:
            denied.append((policy, binding, Decision(-1, admitted=False, failed=True, message=str(exc))))
        return
    for param in params:
        yield evaluate(policy, context, param)


def _act(
    policy: Policy,
    binding: Binding,
    decision: Decision,
    denied: list[tuple[Policy, Binding, Decision]],
    warnings: dict[str, None],
    annotations: dict[str, str],
) -> None:
    if "Deny" in binding.actions:
        denied.append((policy, binding, decision))
    if "Warn" in binding.actions:
        warnings[
            f"Validation failed for ValidatingAdmissionPolicy '{policy.name}' "
            f"with binding '{binding.name}': {decision.message}"
        ] = None
    if "Audit" in binding.actions:
        failure = {
            "message": decision.message,
            "policy": policy.name,
            "binding": binding.name,
            "expressionIndex": max(decision.rule, 0),
            "validationActions": list(binding.actions),
        }
        annotations[FAILURE_ANNOTATION] = json.dumps([failure], separators=(",", ":"))


def _refusal(
    request: AdmissionRequest,
    first: tuple[Policy, Binding, Decision],
    warnings: tuple[str, ...],
    annotations: dict[str, str],
) -> Admission:
    policy, binding, decision = first
    resource = f"{request.resource}.{request.group}" if request.group else request.resource
    message = (
        f"{resource} \"{request.name}\" is forbidden: ValidatingAdmissionPolicy '{policy.name}' "
        f"with binding '{binding.name}' denied request: {decision.message}"
    )
    code = CODES.get(decision.reason, INVALID_CODE)
    return Admission(False, code, decision.reason, message, warnings, annotations)
