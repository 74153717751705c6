"""Policies and bindings as they are once read: compiled, and all that people read about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.policy.cel.program import Program
from portal.policy.matching import Match, Selector
from portal.policy.types import Severity

POLICY_KIND = "ValidatingAdmissionPolicy"
BINDING_KIND = "ValidatingAdmissionPolicyBinding"
API_GROUP = "admissionregistration.k8s.io"


@dataclass(frozen=True)
class Metadata:
    """What people read about a policy; from annotations under `policy.slipway.dev/`. Texts are Markdown.

    `sla` is how long a violation may stand (`7d`, `36h`; "" for what its severity says). `fix` is a CEL
    expression that gives a JSON Patch (RFC 6902) of the judged object.
    """

    title: str = ""
    category: str = ""
    severity: Severity = "medium"
    rationale: str = ""
    remediation: str = ""
    docs: str = ""
    standards: tuple[str, ...] = ()
    sla: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Validation:
    index: int
    program: Program
    message: str
    message_program: Program | None
    reason: str


@dataclass(frozen=True)
class Named:
    """A match condition or an audit annotation."""

    name: str
    program: Program


@dataclass(frozen=True, eq=False)
class Policy:
    name: str
    metadata: Metadata
    match: Match
    conditions: tuple[Named, ...]
    validations: tuple[Validation, ...]
    audit_annotations: tuple[Named, ...]
    param_kind: tuple[str, str] | None
    fails_open: bool
    document: Mapping[str, Any] = field(repr=False)
    file: str = ""
    # gives a JSON Patch of the object that was refused; None when there is no ready fix
    fix: Program | None = None

    @property
    def cluster_only(self) -> bool:
        """Whether a rule asks the cluster's authorizer, which nobody can outside of it: judged there alone,
        and never passed here."""
        named = [each.program for each in (*self.conditions, *self.audit_annotations)]
        rules = [each.program for each in self.validations]
        messages = [each.message_program for each in self.validations if each.message_program]
        return any(program.cluster_only for program in (*named, *rules, *messages))


@dataclass(frozen=True)
class ParamRef:
    name: str
    namespace: str
    selector: Selector | None
    required: bool


@dataclass(frozen=True, eq=False)
class Binding:
    name: str
    policy: str
    actions: tuple[str, ...]
    match: Match
    param_ref: ParamRef | None
    document: Mapping[str, Any] = field(repr=False)
    file: str = ""
