"""Where a binding acts, and how, in words: "Warn in dev"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portal.policy.documents import Binding
from portal.policy.matching import Requirement, Selector
from portal.policy.types import ENVIRONMENT_LABEL


def in_words(bindings: Iterable[Binding]) -> str:
    """All bindings of one policy; "Off" without any."""
    # two bindings may differ in nothing that is said here
    said = dict.fromkeys(_said(binding) for binding in bindings)
    return "; ".join(said) or "Off"


def place_of(binding: Binding) -> str:
    """`everywhere`, `in dev and staging`, `everywhere but in dev`, with what else narrows it."""
    requirements = binding.match.namespaces.requirements
    environments = [each for each in requirements if each.key == ENVIRONMENT_LABEL]
    others = [each for each in requirements if each.key != ENVIRONMENT_LABEL]
    parts = [_environments(environments)]
    if others:
        parts.append(f"where the namespace has {_labels(others)}")
    if binding.match.objects != Selector():
        parts.append(f"for objects with {_labels(binding.match.objects.requirements)}")
    if binding.match.rules is not None:
        resources = dict.fromkeys(resource for rule in binding.match.rules for resource in rule.resources)
        parts.append(f"for {_list(list(resources))}")
    return ", ".join(parts)


def environments_named(bindings: Iterable[Binding]) -> list[str]:
    """Every environment that a binding names, for when nobody else knows which there are."""
    return sorted(
        {
            value
            for binding in bindings
            for each in binding.match.namespaces.requirements
            if each.key == ENVIRONMENT_LABEL
            for value in each.values
        }
    )


def _said(binding: Binding) -> str:
    actions = _list([str(action) for action in binding.actions])
    return f"{actions[:1]}{actions[1:].lower()} {place_of(binding)}"


def _environments(requirements: Sequence[Requirement]) -> str:
    named = [each for each in requirements if each.operator == "In"]
    absent = any(each.operator == "DoesNotExist" for each in requirements)
    if absent:
        return "outside of environments"
    inside = frozenset.intersection(*(each.values for each in named)) if named else frozenset()
    left_out = frozenset().union(*(each.values for each in requirements if each.operator == "NotIn"))
    if named:
        return f"in {_list(sorted(inside - left_out))}" if inside - left_out else "nowhere"
    return f"everywhere but in {_list(sorted(left_out))}" if left_out else "everywhere"


def _labels(requirements: Iterable[Requirement]) -> str:
    return _list([_label(each) for each in requirements])


def _label(requirement: Requirement) -> str:
    key, values = f"`{requirement.key}`", " or ".join(f"`{value}`" for value in sorted(requirement.values))
    words = {
        "Exists": f"a label {key}",
        "DoesNotExist": f"no label {key}",
        "In": f"{key} set to {values}",
        "NotIn": f"{key} not set to {values}",
    }
    return words[requirement.operator]


def _list(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
