"""What goes into the policy engine and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from portal.core.errors import SlipwayError
from portal.core.objects import ObjectKey

Document = Mapping[str, Any]
Outcome = Literal["pass", "waived", "warn", "audit", "deny", "error"]
Severity = Literal["low", "medium", "high", "critical"]
Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
# every policy annotation starts with this; see docs/policies.md
ANNOTATION_PREFIX = "policy.slipway.dev/"
ENVIRONMENT_LABEL = "slipway.dev/environment"


class PolicyInvalid(SlipwayError):
    """Policy documents that cannot be used. `problems` lists all of them, each with where it is."""

    code = "policy_invalid"
    default_message = "The policy documents cannot be used."

    def __init__(self, problems: Sequence[PolicyProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "\n".join(str(problem) for problem in problems),
            problems=[problem.as_dict() for problem in problems],
        )


@dataclass(frozen=True)
class PolicyProblem:
    """One mistake in one policy document. `document` counts from 0 within `file`; `field` is a path in it."""

    file: str
    document: int
    policy: str
    field: str
    message: str
    expression: str = ""

    def __str__(self) -> str:
        where = f"{self.file or 'documents'}[{self.document}]"
        return f"{where} {self.policy}: {self.field}: {self.message}"

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class UserInfo:
    """Who asks, as the API server would know them."""

    username: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What one rule of one policy says of one object.

    `path` is where the Pod was found in a workload ("spec.template"), or "" for the object itself.
    `rule` is the index of the validation, -1 when the policy as a whole could not be evaluated.
    `remediation` is Markdown. `reason` is a Kubernetes status reason. `fix` is a JSON Patch (RFC 6902) of
    the object. A "waived" verdict names the exception that lifts it, and until when (RFC 3339).
    """

    policy: str
    rule: int
    title: str
    outcome: Outcome
    key: ObjectKey
    path: str
    message: str
    reason: str
    remediation: str
    severity: Severity
    category: str
    docs: str
    fix: Sequence[Mapping[str, Any]] = ()
    exception: int | None = None
    until: str = ""

    @property
    def blocks(self) -> bool:
        return self.outcome in ("deny", "error")

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "key": self.key.as_dict(), "fix": list(self.fix)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        return cls(**{**data, "key": ObjectKey.from_dict(data["key"])})


@dataclass(frozen=True)
class Judgement:
    """All that a bundle says of a set of documents, in the documents' order."""

    verdicts: tuple[Verdict, ...]

    def _count(self, *outcomes: Outcome) -> int:
        return sum(verdict.outcome in outcomes for verdict in self.verdicts)

    @property
    def passed(self) -> int:
        return self._count("pass")

    @property
    def waived(self) -> int:
        return self._count("waived")

    @property
    def warned(self) -> int:
        """Findings that do not block: warnings and audit notes."""
        return self._count("warn", "audit")

    @property
    def denied(self) -> int:
        return self._count("deny", "error")

    @property
    def allowed(self) -> bool:
        return not any(verdict.blocks for verdict in self.verdicts)

    @property
    def exceptions(self) -> tuple[int, ...]:
        """The exceptions without which something here would be a finding."""
        return tuple(sorted({v.exception for v in self.verdicts if v.exception is not None}))


@dataclass(frozen=True)
class AdmissionRequest:
    """One request as the API server's admission chain sees it.

    `object` is what would be stored, defaults included; None for DELETE. `old_object` is None for CREATE.
    `namespace_object` is the Namespace that the object lives in; None for cluster-scoped resources.
    """

    operation: Operation
    group: str
    version: str
    resource: str
    kind: str
    name: str
    namespace: str
    object: Document | None
    old_object: Document | None
    user: UserInfo
    namespace_object: Document | None = None
    dry_run: bool = False
    sub_resource: str = ""
    options: Document | None = None


@dataclass(frozen=True)
class Admission:
    """The admission chain's answer. `code`, `reason` and `message` make the Status body of a refusal."""

    allowed: bool
    code: int = 200
    reason: str = ""
    message: str = ""
    warnings: tuple[str, ...] = ()
    audit_annotations: Mapping[str, str] = field(default_factory=dict)
