"""Matching one RBAC rule against one request, and one rule against another.

Definition: k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac and pkg/registry/rbac/validation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Rule = Mapping[str, Any]


def allows(rule: Rule, verb: str, group: str, resource: str, subresource: str, name: str) -> bool:
    """Whether `rule` lets `verb` through on the resource (or resource/subresource), named or not."""
    return (
        _verb_matches(rule, verb)
        and _holds(rule.get("apiGroups"), group)
        and _resource_matches(rule.get("resources") or (), resource, subresource)
        and (not rule.get("resourceNames") or name in rule["resourceNames"])
    )


def allows_path(rule: Rule, verb: str, path: str) -> bool:
    """Whether `rule` lets `verb` through on a non-resource path; a trailing `*` matches any rest."""
    return _verb_matches(rule, verb) and any(
        url == "*" or url == path or (url.endswith("*") and path.startswith(url.rstrip("*")))
        for url in rule.get("nonResourceURLs") or ()
    )


def uncovered(owned: Iterable[Rule], wanted: Iterable[Rule]) -> list[Rule]:
    """What of `wanted` no rule of `owned` grants, as the smallest rules (the escalation check)."""
    owned = list(owned)
    return [
        piece for rule in wanted for piece in break_down(rule) if not any(_covers(o, piece) for o in owned)
    ]


def break_down(rule: Rule) -> Iterable[Rule]:
    """Split a rule into rules of one verb and one group, resource and name, or one path."""
    for verb in rule.get("verbs") or ():
        for url in rule.get("nonResourceURLs") or ():
            yield {"verbs": [verb], "nonResourceURLs": [url]}
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                base = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
                names = rule.get("resourceNames") or ()
                if not names:
                    yield base
                for name in names:
                    yield {**base, "resourceNames": [name]}


def describe(rule: Rule) -> str:
    """A rule as the API server prints it: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`."""
    parts = [
        f"{title}:[{', '.join(_quoted(value) for value in rule[key])}]"
        for key, title in (
            ("nonResourceURLs", "NonResourceURLs"),
            ("apiGroups", "APIGroups"),
            ("resources", "Resources"),
            ("resourceNames", "ResourceNames"),
            ("verbs", "Verbs"),
        )
        if rule.get(key)
    ]
    return "{" + ", ".join(parts) + "}"


def _quoted(value: str) -> str:
    return f'"{value}"'


def _verb_matches(rule: Rule, verb: str) -> bool:
    return _holds(rule.get("verbs"), verb)


def _holds(values: Iterable[str] | None, wanted: str) -> bool:
    values = values or ()
    return "*" in values or wanted in values


def _resource_matches(resources: Iterable[str], resource: str, subresource: str) -> bool:
    full = f"{resource}/{subresource}" if subresource else resource
    return any(
        candidate == "*" or candidate == full or (bool(subresource) and candidate == f"*/{subresource}")
        for candidate in resources
    )


def _covers(owner: Rule, piece: Rule) -> bool:
    verb = piece["verbs"][0]
    if not _holds(owner.get("verbs"), verb):
        return False
    if "nonResourceURLs" in piece:
        return allows_path(owner, verb, piece["nonResourceURLs"][0])
    resource, _, subresource = piece["resources"][0].partition("/")
    names: list[str] = piece.get("resourceNames") or []
    return (
        _holds(owner.get("apiGroups"), piece["apiGroups"][0])
        and _resource_matches(owner.get("resources") or (), resource, subresource)
        and (not owner.get("resourceNames") or (bool(names) and names[0] in owner["resourceNames"]))
    )
