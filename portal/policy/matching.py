"""Which requests a policy and a binding are about (apiserver/pkg/admission/plugin/policy/matching)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from portal.policy.equivalents import other_versions
from portal.policy.types import AdmissionRequest, Document

ADMISSION_GROUP = "admissionregistration.k8s.io"
# requests about these are never judged: a policy must not be able to forbid its own removal
EXEMPT_RESOURCES = frozenset(
    f"{mode}{what}"
    for mode in ("validating", "mutating")
    for what in ("webhookconfigurations", "admissionpolicies", "admissionpolicybindings")
)
# nor are questions that change nothing, whatever their version
UNJUDGED_RESOURCES = frozenset(
    {
        *(("authentication.k8s.io", name) for name in ("selfsubjectreviews", "tokenreviews")),
        *(("authorization.k8s.io", f"{name}reviews") for name in ("subjectaccess", "localsubjectaccess")),
        *(("authorization.k8s.io", f"{name}reviews") for name in ("selfsubjectaccess", "selfsubjectrules")),
    }
)
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")


@dataclass(frozen=True)
class Requirement:
    key: str
    operator: str
    values: frozenset[str]

    def holds(self, labels: Mapping[str, Any]) -> bool:
        present = self.key in labels
        if self.operator == "In":
            return present and labels[self.key] in self.values
        if self.operator == "NotIn":
            return not present or labels[self.key] not in self.values
        return present if self.operator == "Exists" else not present


@dataclass(frozen=True)
class Selector:
    """A label selector; without requirements it selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, Any] | None) -> bool:
        return all(requirement.holds(labels or {}) for requirement in self.requirements)

    @classmethod
    def read(cls, value: Mapping[str, Any] | None) -> Selector:
        """Raises ValueError for what is no selector: it would otherwise select too little."""
        found = [
            Requirement(str(key), "In", frozenset({str(wanted)}))
            for key, wanted in ((value or {}).get("matchLabels") or {}).items()
        ]
        for expression in (value or {}).get("matchExpressions") or []:
            operator, values = expression.get("operator"), expression.get("values") or []
            if operator not in OPERATORS:
                raise ValueError(f"{operator!r} is not a valid label selector operator")
            if bool(values) != (operator in ("In", "NotIn")):
                raise ValueError(
                    f"values must be {'set' if operator in ('In', 'NotIn') else 'empty'} for {operator}"
                )
            found.append(Requirement(str(expression.get("key")), operator, frozenset(map(str, values))))
        return cls(tuple(found))


@dataclass(frozen=True)
class Rule:
    """One entry of resourceRules or excludeResourceRules."""

    groups: frozenset[str]
    versions: frozenset[str]
    resources: tuple[str, ...]
    operations: frozenset[str]
    names: frozenset[str]
    scope: str

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Rule:
        return cls(
            groups=frozenset(value.get("apiGroups") or ()),
            versions=frozenset(value.get("apiVersions") or ()),
            resources=tuple(value.get("resources") or ()),
            operations=frozenset(value.get("operations") or ()),
            names=frozenset(value.get("resourceNames") or ()),
            scope=str(value.get("scope") or "*"),
        )

    def matches(self, request: AdmissionRequest, version: str = "") -> bool:
        """`version`: instead of the request's own."""
        return (
            ("*" in self.groups or request.group in self.groups)
            and ("*" in self.versions or (version or request.version) in self.versions)
            and ("*" in self.operations or request.operation in self.operations)
            and self._scope_matches(request)
            and any(_resource_matches(pattern, request) for pattern in self.resources)
            and (not self.names or request.name in self.names)
        )

    def _scope_matches(self, request: AdmissionRequest) -> bool:
        if self.scope == "Namespaced":
            # a Namespace is cluster-scoped, although its requests carry its own name as the namespace
            return bool(request.namespace) and not is_namespace(request)
        if self.scope == "Cluster":
            return not request.namespace or is_namespace(request)
        return True


def _resource_matches(pattern: str, request: AdmissionRequest) -> bool:
    resource, _, sub_resource = pattern.partition("/")
    return resource in ("*", request.resource) and sub_resource in ("*", request.sub_resource)


def is_namespace(request: AdmissionRequest) -> bool:
    return request.resource == "namespaces" and request.group == ""


@dataclass(frozen=True)
class Match:
    """matchConstraints of a policy, or matchResources of a binding; `rules` None means every resource."""

    rules: tuple[Rule, ...] | None
    excluded: tuple[Rule, ...] = ()
    namespaces: Selector = Selector()
    objects: Selector = Selector()
    equivalent: bool = True

    @classmethod
    def read(cls, value: Mapping[str, Any] | None, *, everything: bool) -> Match:
        """`everything`: no rules at all mean all resources (as in a binding). Raises ValueError."""
        value = value or {}
        return interned(cls._read(value, everything=everything))

    @classmethod
    def _read(cls, value: Mapping[str, Any], *, everything: bool) -> Match:
        rules: Sequence[Mapping[str, Any]] = value.get("resourceRules") or ()
        return cls(
            rules=None if everything and not rules else tuple(Rule.read(rule) for rule in rules),
            excluded=tuple(Rule.read(rule) for rule in value.get("excludeResourceRules") or ()),
            namespaces=Selector.read(value.get("namespaceSelector")),
            objects=Selector.read(value.get("objectSelector")),
            equivalent=value.get("matchPolicy") != "Exact",
        )

    def matches(self, request: AdmissionRequest) -> bool:
        """The answer is kept with the request: most bindings ask the same."""
        answers: dict[int, tuple[Match, bool]] = request.__dict__.setdefault("_matched", {})
        known = answers.get(id(self))
        if known is None or known[0] is not self:
            known = answers[id(self)] = (self, self._matches(request))
        return known[1]

    def _matches(self, request: AdmissionRequest) -> bool:
        if request.group == ADMISSION_GROUP and request.resource in EXEMPT_RESOURCES:
            return False
        if (request.group, request.resource) in UNJUDGED_RESOURCES:
            return False
        return (
            self._rules_match(request)
            and not self._excludes(request)
            and (not self.namespaces.requirements or self._namespace_matches(request))
            and (not self.objects.requirements or self._object_matches(request))
        )

    def _rules_match(self, request: AdmissionRequest) -> bool:
        if self.rules is None or any(rule.matches(request) for rule in self.rules):
            return True
        return bool(self.other_version(request))

    def _excludes(self, request: AdmissionRequest) -> bool:
        if any(rule.matches(request) for rule in self.excluded):
            return True
        if not self.excluded or not self.equivalent:
            return False
        # which versions of other kinds there are is not known, and excluding is what must be sure
        known = other_versions(request, frozenset())
        return any(rule.matches(request, version) for version in known for rule in self.excluded)

    def other_version(self, request: AdmissionRequest) -> str:
        """The version that the rules are about when it is not the request's own; "" when it is."""
        version = request.version
        if self.rules is None or not self.equivalent or all(version in named for named in self._pinned):
            return ""
        if any(rule.matches(request) for rule in self.rules):
            return ""
        others = other_versions(request, self._named_versions)
        return next(
            (version for rule in self.rules for version in others if rule.matches(request, version)), ""
        )

    @cached_property
    def _pinned(self) -> tuple[frozenset[str], ...]:
        """The versions of each rule that is not for all of them."""
        return tuple(rule.versions for rule in self.rules or () if "*" not in rule.versions)

    @cached_property
    def _named_versions(self) -> frozenset[str]:
        """The versions that rules name; rules for all versions need no other."""
        return frozenset(version for versions in self._pinned for version in versions)

    def _namespace_matches(self, request: AdmissionRequest) -> bool:
        """A Namespace is selected by its own labels; other cluster-scoped objects always are."""
        if is_namespace(request):
            written = request.operation in ("CREATE", "UPDATE") and not request.sub_resource
            subject = request.object if written else None
            return self.namespaces.matches(
                labels_of(subject or request.namespace_object or request.old_object)
            )
        if not request.namespace:
            return True
        return self.namespaces.matches(labels_of(request.namespace_object))

    def _object_matches(self, request: AdmissionRequest) -> bool:
        return any(
            self.objects.matches(labels_of(candidate))
            for candidate in (request.object, request.old_object)
            if candidate is not None
        )

    @cached_property
    def kinds(self) -> frozenset[tuple[str, str]] | None:
        """(group, resource) pairs that can match at all, to skip the rest quickly; None for wildcards."""
        if self.rules is None:
            return None
        pairs = {
            (group, resource.partition("/")[0])
            for rule in self.rules
            for group in rule.groups
            for resource in rule.resources
        }
        return None if any("*" in pair for pair in pairs) else frozenset(pairs)


# matches that say the same are one
_INTERNED: dict[Match, Match] = {}
_MAX_INTERNED = 5_000


def interned(match: Match) -> Match:
    if len(_INTERNED) >= _MAX_INTERNED:
        _INTERNED.clear()
    return _INTERNED.setdefault(match, match)


def labels_of(document: Document | None) -> Mapping[str, Any]:
    metadata = (document or {}).get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    return labels if isinstance(labels, Mapping) else {}
