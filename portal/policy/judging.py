"""Judging documents before they are sent anywhere: every object, its Pod, every policy, all findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from portal.core.objects import ObjectKey, key_of
from portal.policy.documents import Binding, Metadata, Policy
from portal.policy.evaluation import Context, Decision, ParamsUnavailable, evaluate
from portal.policy.expansion import Subject, flatten, subjects_of, why_not_an_object
from portal.policy.resources import Resources
from portal.policy.types import AdmissionRequest, Document, Judgement, Operation, Outcome, UserInfo, Verdict

if TYPE_CHECKING:
    from portal.policy.bundle import Bundle

RANK: Mapping[Outcome, int] = {"pass": 0, "audit": 1, "warn": 2, "deny": 3, "error": 4}
# the name under which the engine itself refuses what is no object
ENGINE = "well-formed"
UNREADABLE = Metadata(
    title="Only Kubernetes objects can be judged",
    category="Form",
    severity="high",
    remediation="Give every document an `apiVersion`, a `kind` and a `metadata.name`.",
)


def judge(
    bundle: Bundle,
    documents: Sequence[Any],
    operation: Operation,
    namespace: Document | None,
    user: UserInfo,
    old: Mapping[ObjectKey, Document],
    params: Sequence[Document],
) -> Judgement:
    """See Bundle.judge."""
    flat = list(flatten(documents))
    resources = Resources([document for document in flat if isinstance(document, Mapping)])
    target = str(((namespace or {}).get("metadata") or {}).get("name") or "")
    verdicts: list[Verdict] = []
    for document in flat:
        problem = why_not_an_object(document)
        key = key_of(document if isinstance(document, Mapping) and not problem else {}, target)
        if problem:
            verdicts.append(_verdict(ENGINE, UNREADABLE, -1, "error", key, "", problem, "BadRequest"))
            continue
        for subject in subjects_of(document, resources, target):
            request = _request(subject, operation, namespace, user, old)
            context = Context(request, (*bundle.params, *params))
            own_key = key if subject.resource.namespaced or subject.path else key_of(document)
            verdicts += _judge_subject(bundle, context, own_key, subject.path)
    return Judgement(tuple(verdicts))


def _request(
    subject: Subject,
    operation: Operation,
    namespace: Document | None,
    user: UserInfo,
    old: Mapping[ObjectKey, Document],
) -> AdmissionRequest:
    resource, metadata = subject.resource, subject.object.get("metadata") or {}
    before = None if subject.path else old.get(key_of(subject.object))
    if before is not None and operation == "CREATE":
        operation = "UPDATE"
    deleting = operation == "DELETE"
    own_namespace = str(metadata.get("namespace") or "") if resource.namespaced else ""
    is_namespace = (resource.group, resource.kind) == ("", "Namespace")
    return AdmissionRequest(
        operation=operation,
        group=resource.group,
        version=resource.version,
        resource=resource.resource,
        kind=resource.kind,
        name=str(metadata.get("name") or ""),
        namespace=str(metadata.get("name") or "") if is_namespace else own_namespace,
        object=None if deleting else subject.object,
        old_object=subject.object if deleting else before,
        user=user,
        namespace_object=namespace if own_namespace else None,
    )


def _judge_subject(bundle: Bundle, context: Context, key: ObjectKey, path: str) -> Iterator[Verdict]:
    """One verdict for each rule that is about the object: the gravest that any binding and any param gives."""
    request = context.request
    kind = (request.group, request.resource)
    for policy, bindings in bundle.bound:
        if not bindings or not (policy.match.kinds is None or kind in policy.match.kinds):
            continue
        if not policy.match.matches(request):
            continue
        worst: dict[int, tuple[Outcome, Decision]] = {}
        for binding in bindings:
            if not binding.match.matches(request):
                continue
            for decision in _decisions(policy, binding, context):
                outcome = _outcome(decision, binding)
                known = worst.get(decision.rule)
                if known is None or RANK[outcome] > RANK[known[0]]:
                    worst[decision.rule] = (outcome, decision)
        for rule, (outcome, decision) in worst.items():
            reason = "" if outcome == "pass" else decision.reason
            yield _verdict(policy.name, policy.metadata, rule, outcome, key, path, decision.message, reason)


def _decisions(policy: Policy, binding: Binding, context: Context) -> Iterator[Decision]:
    try:
        params = context.collect(policy, binding)
    except ParamsUnavailable as exc:
        yield Decision(-1, policy.fails_open, failed=True, binding_aside=True, message=str(exc))
        return
    for param in params:
        evaluation = evaluate(policy, context, param)
        yield from evaluation.decisions
        for message in evaluation.annotation_errors:
            yield Decision(-1, admitted=False, failed=True, binding_aside=True, message=message)


def _outcome(decision: Decision, binding: Binding) -> Outcome:
    """A rule that cannot be evaluated is an error where it would deny; failurePolicy Ignore leaves a note."""
    if decision.admitted:
        return "audit" if decision.failed else "pass"
    if decision.failed and ("Deny" in binding.actions or decision.binding_aside):
        return "error"
    if "Deny" in binding.actions:
        return "deny"
    return "warn" if "Warn" in binding.actions else "audit"


def _verdict(
    policy: str,
    metadata: Metadata,
    rule: int,
    outcome: Outcome,
    key: ObjectKey,
    path: str,
    message: str,
    reason: str,
) -> Verdict:
    return Verdict(
        policy=policy,
        rule=rule,
        title=metadata.title,
        outcome=outcome,
        key=key,
        path=path,
        message=message,
        reason=reason,
        remediation=metadata.remediation,
        severity=metadata.severity,
        category=metadata.category,
        docs=metadata.docs,
    )
