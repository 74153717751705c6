"""The API server's answer to one request (apiserver/pkg/admission/plugin/policy/validating/dispatcher.go)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from portal.policy.cel.plain import NotPlain
from portal.policy.documents import Binding, Policy
from portal.policy.evaluation import Context, Decision, Evaluation, ParamsUnavailable, evaluate
from portal.policy.types import Admission, AdmissionRequest, Document

if TYPE_CHECKING:
    from portal.policy.bundle import Bundle

CODES = {"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413}
INVALID_CODE, UNREADABLE_CODE = 422, 400
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
FAILURE_ANNOTATION = "validation.policy.admission.k8s.io/validation_failure"


def admit(bundle: Bundle, request: AdmissionRequest, params: Sequence[Document]) -> Admission:
    """Every policy is evaluated; the first refusal is the answer."""
    try:
        context = Context(request, (*bundle.params, *params))
    except NotPlain as exc:
        return Admission(False, UNREADABLE_CODE, "BadRequest", f"This object cannot be judged: {exc}.")
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
        said = (
            f"Validation failed for ValidatingAdmissionPolicy '{policy.name}' "
            f"with binding '{binding.name}': {decision.message}"
        )
        # a header holds one line, so the API server leaves out what has more
        if not CONTROL.search(said):
            warnings[said] = None
    if "Audit" in binding.actions:
        failure = {
            "message": decision.message,
            "policy": policy.name,
            "binding": binding.name,
            "expressionIndex": max(decision.rule, 0),
            "validationActions": list(binding.actions),
        }
        # what is said first stays
        annotations.setdefault(FAILURE_ANNOTATION, _go_json([failure]))


def _go_json(value: Any) -> str:
    """JSON as Go writes it, which is careful of HTML."""
    said = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        said = said.replace(char, f"\\u{ord(char):04x}")
    return said


def _name_of(request: AdmissionRequest) -> str:
    """The object's name, or what stands for it while it has none (apiserver/pkg/admission/errors.go)."""
    if request.name:
        return request.name
    metadata = (request.object or {}).get("metadata")
    generated = metadata.get("generateName") if isinstance(metadata, Mapping) else None
    return str(generated or "Unknown")


def _refusal(
    request: AdmissionRequest,
    first: tuple[Policy, Binding, Decision],
    warnings: tuple[str, ...],
    annotations: dict[str, str],
) -> Admission:
    policy, binding, decision = first
    resource = f"{request.resource}.{request.group}" if request.group else request.resource
    message = (
        f"{resource} \"{_name_of(request)}\" is forbidden: ValidatingAdmissionPolicy '{policy.name}' "
        f"with binding '{binding.name}' denied request: {decision.message}"
    )
    code = CODES.get(decision.reason, INVALID_CODE)
    return Admission(False, code, decision.reason, message, warnings, annotations)
