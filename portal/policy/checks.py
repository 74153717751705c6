"""What the API server checks in names, selectors and resource rules when a policy or a binding is stored.

Follows pkg/apis/admissionregistration/validation and apimachinery's validation, in their order and words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from portal.policy.cel.functions.formats import CHECKS
from portal.policy.reader import Reader

OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
MATCH_POLICIES = ("Equivalent", "Exact")
SCOPES = ("*", "Cluster", "Namespaced")
OPERATORS_WITH_VALUES = ("In", "NotIn")
OPERATORS_WITHOUT_VALUES = ("Exists", "DoesNotExist")


def quoted_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def check_format(reader: Reader, where: str, value: str, form: str) -> None:
    """`form` is one of the named formats: `qualifiedName`, `dns1123Subdomain` and so on."""
    for problem in CHECKS[form](value):
        reader.problem(where, f"Invalid value: {quoted_json(value)}: {problem}")


def check_path_segment(reader: Reader, where: str, value: str) -> None:
    """Names that may be anything but part of a path."""
    said = [f"may not be '{name}'" for name in (".", "..") if value == name]
    said += [f"may not contain '{part}'" for part in ("/", "%") if part in value] if not said else []
    for problem in said:
        reader.problem(where, f"Invalid value: {quoted_json(value)}: {problem}")


def check_match(reader: Reader, value: Mapping[str, Any], where: str) -> None:
    """matchConstraints, or matchResources of a binding."""
    policy = value.get("matchPolicy")
    if policy is not None:
        reader.one_of(f"{where}.matchPolicy", policy, MATCH_POLICIES)
    for name in ("namespaceSelector", "objectSelector"):
        check_selector(reader, reader.mapping(value, name, f"{where}.{name}"), f"{where}.{name}")
    for name in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(reader.mappings(value, name, f"{where}.{name}")):
            check_rule(reader, rule, f"{where}.{name}[{index}]")


def check_selector(reader: Reader, selector: Mapping[str, Any], where: str) -> None:
    for key, value in reader.mapping(selector, "matchLabels", f"{where}.matchLabels").items():
        check_format(reader, f"{where}.matchLabels", str(key), "qualifiedName")
        if isinstance(value, str):
            check_format(reader, f"{where}.matchLabels", value, "labelValue")
        else:
            reader.problem(
                f"{where}.matchLabels", f"Invalid value: {json.dumps(value, default=str)}: must be a text"
            )
    expressions = reader.mappings(selector, "matchExpressions", f"{where}.matchExpressions")
    for index, requirement in enumerate(expressions):
        _check_requirement(reader, requirement, f"{where}.matchExpressions[{index}]")


def _check_requirement(reader: Reader, requirement: Mapping[str, Any], where: str) -> None:
    operator = requirement.get("operator", "")
    values = texts(reader, requirement, "values", f"{where}.values")
    if operator in OPERATORS_WITH_VALUES:
        if not values:
            reader.required(f"{where}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in OPERATORS_WITHOUT_VALUES:
        if values:
            said = "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            reader.problem(f"{where}.values", said)
    else:
        said = f"Invalid value: {json.dumps(operator, default=str)}: not a valid selector operator"
        reader.problem(f"{where}.operator", said)
    key = requirement.get("key", "")
    check_format(reader, f"{where}.key", key if isinstance(key, str) else "", "qualifiedName")
    for index, value in enumerate(values):
        check_format(reader, f"{where}.values[{index}]", value, "labelValue")


def texts(reader: Reader, parent: Mapping[str, Any], key: str, where: str) -> list[str]:
    """A list of texts; [] when it is left out, or something else, which is reported."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        reader.problem(where, f"Invalid value: {json.dumps(value, default=str)}: must be a list of texts")
        return []
    return value


def check_rule(reader: Reader, rule: Mapping[str, Any], where: str) -> None:
    names: set[str] = set()
    for index, name in enumerate(texts(reader, rule, "resourceNames", f"{where}.resourceNames")):
        check_path_segment(reader, f"{where}.resourceNames[{index}]", name)
        if name in names:
            reader.problem(f"{where}.resourceNames[{index}]", f"Duplicate value: {quoted_json(name)}")
        names.add(name)
    _check_wildcard(reader, rule, where, "operations", "operations")
    for index, operation in enumerate(texts(reader, rule, "operations", f"{where}.operations")):
        reader.one_of(f"{where}.operations[{index}]", operation, OPERATIONS)
    _check_wildcard(reader, rule, where, "apiGroups", "API groups")
    _check_wildcard(reader, rule, where, "apiVersions", "API versions")
    for index, version in enumerate(texts(reader, rule, "apiVersions", f"{where}.apiVersions")):
        if not version:
            reader.required(f"{where}.apiVersions[{index}]")
    _check_resources(reader, texts(reader, rule, "resources", f"{where}.resources"), f"{where}.resources")
    if rule.get("scope") is not None:
        reader.one_of(f"{where}.scope", rule["scope"], SCOPES)


def _check_wildcard(reader: Reader, rule: Mapping[str, Any], where: str, key: str, what: str) -> None:
    before = len(reader.problems)
    values = texts(reader, rule, key, f"{where}.{key}")
    if len(reader.problems) > before:
        return
    if not values:
        reader.required(f"{where}.{key}")
    if len(values) > 1 and "*" in values:
        said = f"if '*' is present, must not specify other {what}"
        reader.problem(f"{where}.{key}", f"Invalid value: {quoted_json(values)}: {said}")


def _check_resources(reader: Reader, resources: Sequence[str], where: str) -> None:
    if not resources and not any(problem.field == where for problem in reader.problems):
        reader.required(where)
    with_all_parts: set[str] = set()
    in_all_resources: set[str] = set()
    whole = False
    for index, entry in enumerate(resources):
        if not entry:
            reader.required(f"{where}[{index}]")
            continue
        resource, slash, part = entry.partition("/")
        if not slash:
            whole = entry != "*"
            continue
        for present, known in (
            (f"{resource}/*", resource in with_all_parts),
            (f"*/{part}", part in in_all_resources),
        ):
            if known:
                said = f"if '{present}' is present, must not specify {entry}"
                reader.problem(f"{where}[{index}]", f"Invalid value: {quoted_json(entry)}: {said}")
        if part == "*":
            with_all_parts.add(resource)
        if resource == "*":
            in_all_resources.add(part)
    if len(resources) > 1 and "*/*" in resources:
        said = "if '*/*' is present, must not specify other resources"
        reader.problem(where, f"Invalid value: {quoted_json(resources)}: {said}")
    if "*" in resources and whole:
        said = "if '*' is present, must not specify other resources without subresources"
        reader.problem(where, f"Invalid value: {quoted_json(resources)}: {said}")
