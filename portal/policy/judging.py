"""Judging documents before they are sent anywhere: every object, its Pod, every policy, all findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from portal.core.objects import ObjectKey, key_of
from portal.policy import fixes, schema
from portal.policy.arrival import existing, updated
from portal.policy.defaults import apply_defaults
from portal.policy.documents import Binding, Metadata, Policy
from portal.policy.evaluation import Context, Decision, ParamsUnavailable, evaluate
from portal.policy.expansion import Subject, flatten, in_namespace, subjects_of, why_not_an_object
from portal.policy.matching import labels_of
from portal.policy.resources import Resources
from portal.policy.types import (
    ENVIRONMENT_LABEL,
    AdmissionRequest,
    Document,
    Judgement,
    Operation,
    Outcome,
    UserInfo,
    Verdict,
)
from portal.policy.waivers import Waivers

if TYPE_CHECKING:
    from portal.policy.bundle import Bundle

RANK: Mapping[Outcome, int] = {"pass": 0, "waived": 1, "audit": 2, "warn": 3, "deny": 4, "error": 5}
FIXABLE: frozenset[Outcome] = frozenset({"audit", "warn", "deny"})
# the name under which the engine itself refuses what it cannot judge
ENGINE = "judgeable"
UNJUDGED = Metadata(
    title="Only what can be judged is allowed",
    category="Form",
    severity="high",
    remediation="Give every document an `apiVersion`, a `kind` and a `metadata.name`, and apply it to the "
    f"namespace of an environment, which carries the label `{ENVIRONMENT_LABEL}`.",
)
# the name under which the engine says whether an object is what Kubernetes knows
SCHEMA = "schema"
FORM = Metadata(
    title="Objects are what Kubernetes knows",
    category="Form",
    severity="high",
    rationale="The API server refuses what it has no field for and what has another type, but only in the "
    "middle of a rollout.",
    remediation="Remove the field, or correct its name or its value. `kubectl explain` lists what a kind "
    "may have.",
    docs="docs/policies.md#schema",
)


@dataclass(frozen=True)
class Judge:
    """One call of Bundle.judge, whose documentation says what the parts are."""

    bundle: Bundle
    operation: Operation
    namespace: Document | None
    user: UserInfo
    old: Mapping[ObjectKey, Document]
    params: Sequence[Document]
    waivers: Waivers

    def judge(self, documents: Sequence[Any]) -> Judgement:
        flat = list(flatten(documents))
        resources = Resources([document for document in flat if isinstance(document, Mapping)])
        verdicts: list[Verdict] = []
        for document in flat:
            problem = why_not_an_object(document)
            if not problem:
                try:
                    verdicts += self._form(document, resources)
                    verdicts += self._document(document, resources)
                except Exception as exc:
                    # a document that breaks the engine is not thereby allowed
                    problem = f"This object could not be judged: {type(exc).__name__}: {exc}"
            if problem:
                verdicts.append(self._refusal(document, problem))
        return Judgement(tuple(verdicts))

    @property
    def _target(self) -> str:
        metadata = (self.namespace or {}).get("metadata")
        return str(metadata.get("name") or "") if isinstance(metadata, Mapping) else ""

    def _form(self, document: Document, resources: Resources) -> Iterator[Verdict]:
        """What the API server's types say of a kind that comes with Kubernetes; others have no types here."""
        if self.operation == "DELETE" or not schema.applies_to(document):
            return
        problems = schema.check(document)
        decision = Decision(0, admitted=not problems, message=schema.explained(document, problems))
        resource = resources.of(str(document["apiVersion"]), str(document["kind"]))
        key = key_of(in_namespace(document, resource, self._target))
        yield _verdict(SCHEMA, FORM, decision, "deny" if problems else "pass", key, "")

    def _document(self, document: Document, resources: Resources) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for subject in subjects_of(document, resources, self._target):
            if subject.path and self.operation == "DELETE":
                continue
            request = self._request(subject)
            key = key_of(subject.object) if not subject.path else key_of(document, self._target)
            if self._environment_unknown(request):
                verdicts.append(
                    self._refusal(document, "The namespace it lands in belongs to no environment.")
                )
                break
            found = _judge_subject(self.bundle, Context(request, self.params), key, subject.path)
            verdicts += [self._waived(verdict, request.namespace) for verdict in found]
        return verdicts

    def _waived(self, verdict: Verdict, namespace: str) -> Verdict:
        """The verdict, lifted when an exception covers it."""
        if verdict.outcome == "pass" or not self.waivers.items:
            return verdict
        waiver = self.waivers.of(verdict.policy, verdict.key, namespace)
        if waiver is None:
            return verdict
        until = waiver.until.isoformat()
        return replace(verdict, outcome="waived", exception=waiver.exception, until=until)

    def _environment_unknown(self, request: AdmissionRequest) -> bool:
        """Modes are chosen by the environment's label; without one, every policy would be off."""
        namespaced = bool(request.namespace) and request.kind != "Namespace"
        return (
            self.bundle.chosen_by_environment
            and namespaced
            and ENVIRONMENT_LABEL not in labels_of(request.namespace_object)
        )

    def _request(self, subject: Subject) -> AdmissionRequest:
        resource, metadata = subject.resource, subject.object.get("metadata") or {}
        name = str(metadata.get("name") or "")
        before = None if subject.path else self._before(subject)
        operation: Operation = "UPDATE" if before and self.operation == "CREATE" else self.operation
        if subject.path:
            # whatever happens to the workload, its Pods are made anew
            operation = "CREATE"
        deleting = operation == "DELETE"
        namespace = str(metadata.get("namespace") or "") if resource.namespaced else ""
        is_namespace = (resource.group, resource.kind) == ("", "Namespace")
        arriving = subject.object if before is None else updated(subject.object, before)
        return AdmissionRequest(
            operation=operation,
            group=resource.group,
            version=resource.version,
            resource=resource.resource,
            kind=resource.kind,
            name=name,
            namespace=name if is_namespace else namespace,
            object=None if deleting else arriving,
            old_object=subject.object if deleting else before,
            user=self.user,
            namespace_object=self.namespace if namespace else None,
        )

    def _before(self, subject: Subject) -> Document | None:
        """The object that is there already, with the defaults that the server gave it."""
        known = self.old.get(key_of(subject.object))
        if known is None:
            return None
        return existing(apply_defaults(in_namespace(known, subject.resource, self._target)))

    def _refusal(self, document: Any, problem: str) -> Verdict:
        readable = isinstance(document, Mapping) and isinstance(document.get("metadata") or {}, Mapping)
        key = key_of(document if readable else {}, self._target)
        return _verdict(ENGINE, UNJUDGED, Decision(-1, admitted=False, message=problem), "error", key, "")


def _judge_subject(bundle: Bundle, context: Context, key: ObjectKey, path: str) -> Iterator[Verdict]:
    """One verdict for each rule about the object: the gravest that any binding and any param gives."""
    request = context.request
    kind = (request.group, request.resource)
    for policy, bindings in bundle.bound:
        if not bindings or not (policy.match.kinds is None or kind in policy.match.kinds):
            continue
        if not policy.match.matches(request):
            continue
        worst: dict[int, tuple[Outcome, Finding]] = {}
        seen: dict[int, list[Finding]] = {}
        for binding in bindings:
            if not binding.match.matches(request):
                continue
            for finding in _findings(policy, binding, context, seen):
                outcome = _outcome(finding.decision, binding)
                known = worst.get(finding.decision.rule)
                if known is None or RANK[outcome] > RANK[known[0]]:
                    worst[finding.decision.rule] = (outcome, finding)
        for outcome, finding in worst.values():
            patch = finding.patch(policy, context, path) if outcome in FIXABLE else []
            yield _verdict(policy.name, policy.metadata, finding.decision, outcome, key, path, patch)


@dataclass(frozen=True)
class Finding:
    """A decision, and the param that it was made with."""

    decision: Decision
    param: Document | None = None

    def patch(self, policy: Policy, context: Context, path: str) -> list[dict[str, Any]]:
        return fixes.patch_of(policy, context.activation(self.param), path)


def _findings(
    policy: Policy, binding: Binding, context: Context, seen: dict[int, list[Finding]]
) -> Iterator[Finding]:
    """What the policy says with each of the binding's params; bindings that share one, evaluate it once."""
    try:
        params = context.collect(policy, binding)
    except ParamsUnavailable as exc:
        yield Finding(Decision(-1, policy.fails_open, failed=True, binding_aside=True, message=str(exc)))
        return
    for param in params:
        if id(param) not in seen:
            seen[id(param)] = list(_evaluated(policy, context, param))
        yield from seen[id(param)]


def _evaluated(policy: Policy, context: Context, param: Document | None) -> Iterator[Finding]:
    evaluation = evaluate(policy, context, param)
    for decision in evaluation.decisions:
        yield Finding(decision, param)
    for message in evaluation.annotation_errors:
        yield Finding(Decision(-1, admitted=False, failed=True, binding_aside=True, message=message), param)


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
    decision: Decision,
    outcome: Outcome,
    key: ObjectKey,
    path: str,
    fix: Sequence[Mapping[str, Any]] = (),
) -> Verdict:
    return Verdict(
        policy=policy,
        rule=decision.rule,
        title=metadata.title,
        outcome=outcome,
        key=key,
        path=path,
        message=decision.message,
        reason="" if outcome == "pass" else decision.reason,
        remediation=metadata.remediation,
        severity=metadata.severity,
        category=metadata.category,
        docs=metadata.docs,
        fix=fix,
    )
