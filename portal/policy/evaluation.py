"""One policy, one request: match conditions, validations, messages, audit annotations.

Follows apiserver/pkg/admission/plugin/policy/validating/validator.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.policy.cel.plain import require_plain
from portal.policy.cel.program import OUT_OF_BUDGET, Activation, Failure, activation
from portal.policy.defaults import is_built_in
from portal.policy.documents import Binding, Named, ParamRef, Policy, Validation
from portal.policy.equivalents import Inconvertible, converted
from portal.policy.resources import Resources
from portal.policy.types import AdmissionRequest, Document

MAX_MESSAGE = 5 * 1024
MAX_ANNOTATION = 10 * 1024
# what all match conditions of a policy may cost together
CONDITIONS_BUDGET = 2_500_000
NOT_FOUND = (
    "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
)
NO_NAMESPACE = (
    "failed to configure binding: cannot use namespaced paramRef in policy binding that matches "
    "cluster-scoped resources"
)
CLUSTER_PARAM = (
    "failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
)
NAMESPACE_FIELDS = {
    "metadata": (
        *("name", "generateName", "namespace", "labels", "annotations", "creationTimestamp", "generation"),
        *("deletionGracePeriodSeconds", "deletionTimestamp", "resourceVersion", "finalizers"),
    ),
    "spec": ("finalizers",),
    "status": ("phase",),
}


@dataclass(frozen=True)
class Decision:
    """What one validation came to; `rule` -1 is the whole policy.

    `failed`: it could not be evaluated. `binding_aside`: it denies whatever the binding's actions are.
    """

    rule: int
    admitted: bool
    failed: bool = False
    binding_aside: bool = False
    message: str = ""
    reason: str = "Invalid"


@dataclass(frozen=True)
class Evaluation:
    decisions: tuple[Decision, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    # errors in audit annotations deny whatever the binding's actions are
    annotation_errors: tuple[str, ...] = ()


class ParamsUnavailable(LookupError):
    """The binding's params cannot be had; the text is the API server's."""


class Context:
    """A request with its bindings for CEL, shared by all policies that judge it."""

    def __init__(
        self, request: AdmissionRequest, params: Sequence[Document], asked: AdmissionRequest | None = None
    ) -> None:
        """`asked` is the request as it was made, where `request` is it in the version that a policy wants."""
        self.request = request
        self.params = params
        self._bindings = {
            "object": request.object,
            "oldObject": request.old_object,
            "request": _request_value(request, asked or request),
            "namespaceObject": _namespace_value(request),
        }
        for name in ("object", "oldObject"):
            require_plain(self._bindings[name])
        self._activations: dict[tuple[int, bool], Activation] = {}
        self._converted: dict[str, Context] = {}

    def seen_by(self, policy: Policy) -> Context:
        """The context in the version that the policy is about; raises ParamsUnavailable."""
        version = policy.match.other_version(self.request)
        if not version:
            return self
        if version not in self._converted:
            try:
                request = converted(self.request, version)
            except Inconvertible as exc:
                said = f"failed to configure binding: failed to convert object version: {exc}"
                raise ParamsUnavailable(said) from exc
            self._converted[version] = Context(request, self.params, self.request)
        return self._converted[version]

    def activation(self, param: Document | None, *, conditions: bool = False) -> Activation:
        """What expressions see; match conditions see no namespaceObject."""
        conditions = conditions and self._bindings["namespaceObject"] is not None
        key = (id(param), conditions)
        if key not in self._activations:
            bindings = {**self._bindings, "params": param}
            if conditions:
                bindings["namespaceObject"] = None
            require_plain(param)
            self._activations[key] = activation(bindings)
        return self._activations[key]

    def collect(self, policy: Policy, binding: Binding) -> list[Document | None]:
        """The params of a binding, one evaluation each; raises ParamsUnavailable."""
        self.seen_by(policy)
        reference = binding.param_ref
        if policy.param_kind is None or reference is None:
            return [None]
        namespace = self._param_namespace(policy.param_kind, reference)
        found: list[Document | None] = [
            param
            for param in self.params
            if (param.get("apiVersion"), param.get("kind")) == policy.param_kind
            and _metadata(param).get("namespace", namespace) == namespace
            and (not reference.name or _metadata(param).get("name") == reference.name)
            and (reference.selector is None or reference.selector.matches(_metadata(param).get("labels")))
        ]
        if not found and reference.required:
            raise ParamsUnavailable(NOT_FOUND)
        return found

    def _param_namespace(self, param_kind: tuple[str, str], reference: ParamRef) -> str:
        """Where params are looked for; "" for kinds without namespace. Custom kinds are taken as found."""
        namespace = reference.namespace or self.request.namespace
        if not is_built_in(param_kind[0]):
            if not namespace and any(
                _metadata(param).get("namespace")
                for param in self.params
                if (param.get("apiVersion"), param.get("kind")) == param_kind
            ):
                raise ParamsUnavailable(NO_NAMESPACE)
            return namespace
        namespaced = Resources().of(*param_kind).namespaced
        if namespaced and not namespace:
            raise ParamsUnavailable(NO_NAMESPACE)
        if not namespaced and reference.namespace:
            raise ParamsUnavailable(CLUSTER_PARAM)
        return namespace if namespaced else ""


def _metadata(document: Document) -> Mapping[str, Any]:
    value = document.get("metadata")
    return value if isinstance(value, Mapping) else {}


def _request_value(request: AdmissionRequest, asked: AdmissionRequest) -> dict[str, Any]:
    """AdmissionRequest as CEL sees it: what is empty is absent."""
    kind = {"group": request.group, "version": request.version, "kind": request.kind}
    resource = {"group": request.group, "version": request.version, "resource": request.resource}
    user = request.user
    value = {
        "kind": kind,
        "resource": resource,
        "requestKind": {**kind, "version": asked.version},
        "requestResource": {**resource, "version": asked.version},
        "operation": request.operation,
        "dryRun": request.dry_run,
        "userInfo": _present(
            username=user.username,
            uid=user.uid,
            groups=list(user.groups),
            extra={key: list(values) for key, values in user.extra.items()},
        ),
    }
    optional = _present(
        subResource=request.sub_resource,
        requestSubResource=request.sub_resource,
        name=request.name,
        namespace=request.namespace,
        options=request.options,
    )
    return value | optional


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _namespace_value(request: AdmissionRequest) -> dict[str, Any] | None:
    """Null for what is cluster-scoped, a Namespace itself included."""
    namespace = request.namespace_object
    if namespace is None or (request.group, request.kind) == ("", "Namespace"):
        return None
    value: dict[str, Any] = {}
    for part, fields in NAMESPACE_FIELDS.items():
        inner = namespace.get(part)
        if isinstance(inner, Mapping):
            value[part] = {name: inner[name] for name in fields if inner.get(name) not in (None, {}, [], "")}
    return value


def evaluate(policy: Policy, context: Context, param: Document | None) -> Evaluation:
    """All decisions of the policy; none when its match conditions exclude the request."""
    context = context.seen_by(policy)
    if policy.conditions:
        matched, problem = _conditions_hold(policy, context.activation(param, conditions=True))
        if problem:
            return _unevaluated(policy, problem, policy.conditions)
        if not matched:
            return Evaluation()
    bindings = context.activation(param)
    bindings.begin()
    decisions = tuple(_decide(policy, validation, bindings) for validation in policy.validations)
    if any(decision.failed and decision.message == OUT_OF_BUDGET for decision in decisions):
        return _unevaluated(policy, OUT_OF_BUDGET, policy.validations)
    annotations, errors = _annotate(policy, bindings) if policy.audit_annotations else ({}, ())
    return Evaluation(decisions, annotations, errors)


def _unevaluated(policy: Policy, problem: str, asked: Sequence[Named | Validation]) -> Evaluation:
    """The policy as a whole could not be evaluated; what needs a cluster is never let pass for that."""
    needs_cluster = any(one.program.cluster_only for one in asked)
    decision = Decision(-1, policy.fails_open and not needs_cluster, failed=True, message=problem)
    return Evaluation((decision,))


def _conditions_hold(policy: Policy, bindings: Activation) -> tuple[bool, str]:
    """Whether all match conditions hold; one that is false beats one that cannot be evaluated."""
    bindings.begin(CONDITIONS_BUDGET)
    problems: dict[str, None] = {}
    for condition in policy.conditions:
        value = condition.program.evaluate(bindings)
        if value is False:
            return False, ""
        if isinstance(value, Failure):
            if value.message == OUT_OF_BUDGET:
                return False, OUT_OF_BUDGET
            problems[condition.program.error(value)] = None
        elif value is not True:
            problems[f"matchCondition '{condition.name}' did not evaluate to a bool"] = None
    if len(problems) > 1:
        return False, f"[{', '.join(problems)}]"
    return not problems, "".join(problems)


def _decide(policy: Policy, validation: Validation, bindings: Activation) -> Decision:
    value = validation.program.evaluate(bindings)
    if value is True:
        return Decision(validation.index, admitted=True)
    if isinstance(value, Failure):
        problem = validation.program.error(value)
        open_ended = policy.fails_open and not validation.program.cluster_only
        return Decision(validation.index, open_ended, failed=True, message=problem)
    message = _message(validation, bindings)
    if message is None:
        said = f"failed messageExpression: {OUT_OF_BUDGET}"
        return Decision(validation.index, policy.fails_open, failed=True, message=said)
    return Decision(validation.index, admitted=False, message=message, reason=validation.reason)


def _message(validation: Validation, bindings: Activation) -> str | None:
    """Why the object is refused; None when there is no budget left to find the words."""
    said = ""
    if validation.message_program is not None:
        value = validation.message_program.evaluate(bindings)
        if isinstance(value, Failure) and value.message == OUT_OF_BUDGET:
            return None
        if isinstance(value, str):
            said = value.strip()
            if len(said.encode()) > MAX_MESSAGE or "\n" in said:
                said = ""
    return said or validation.message.strip() or f"failed expression: {validation.program.source.strip()}"


def _annotate(policy: Policy, bindings: Activation) -> tuple[dict[str, str], tuple[str, ...]]:
    bindings.begin()
    found: dict[str, str] = {}
    errors = []
    for annotation in policy.audit_annotations:
        value = annotation.program.evaluate(bindings)
        if isinstance(value, Failure):
            errors.append(annotation.program.error(value))
        elif isinstance(value, str) and value.strip():
            found[annotation.name] = value.strip()[:MAX_ANNOTATION]
        elif value is not None and not isinstance(value, str):
            errors.append(
                f"valueExpression '{annotation.program.source}' resulted in unsupported return type: "
                f"{type(value).__name__}. Return type must be either string or null."
            )
    return found, () if policy.fails_open else tuple(errors)
