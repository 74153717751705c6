"""Reading ValidatingAdmissionPolicy and ValidatingAdmissionPolicyBinding documents.

All mistakes are reported, each with its field; the messages are the API server's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from portal.policy.cel.program import ANY, BOOL, NULL, STRING, Compiler, ExpressionInvalid
from portal.policy.documents import Binding, Named, ParamRef, Policy, Validation
from portal.policy.matching import Match, Selector
from portal.policy.reader import Reader, quoted, read_metadata
from portal.policy.types import ANNOTATION_PREFIX, PolicyProblem

ROOTS = ("object", "oldObject", "request", "namespaceObject")
REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
ACTIONS = ("Deny", "Audit", "Warn")
OPERATIONS = frozenset({"*", "CREATE", "UPDATE", "DELETE", "CONNECT"})
IDENTIFIER = re.compile(r"^[A-Za-z_]\w*$")
NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
MAX_NAME = 253


def read_policy(
    document: Mapping[str, Any], file: str = "", index: int = 0
) -> tuple[Policy | None, list[PolicyProblem]]:
    """The policy, compiled, or everything that is wrong with it."""
    metadata = document.get("metadata") if isinstance(document.get("metadata"), Mapping) else {}
    reader = Reader(file, index, str((metadata or {}).get("name") or ""))
    _read_name(reader)
    spec = reader.mapping(document, "spec", "spec")
    if not spec:
        reader.required("spec")
    param_kind = _read_param_kind(reader, spec)
    compiler = Compiler((*ROOTS, "params") if param_kind else ROOTS)
    _read_variables(reader, spec, compiler)
    conditions = _read_named(reader, spec, compiler, "matchConditions", ("name", "expression"), (BOOL,))
    validations = _read_validations(reader, spec, compiler)
    annotations = _read_named(
        reader, spec, compiler, "auditAnnotations", ("key", "valueExpression"), (STRING, NULL)
    )
    if not spec.get("validations") and not spec.get("auditAnnotations"):
        reader.required("spec.validations", "validations or auditAnnotations must contain at least one item")
    if "failurePolicy" in spec:
        reader.one_of("spec.failurePolicy", spec["failurePolicy"], ("Fail", "Ignore"))
    match = _read_constraints(reader, spec)
    notes = read_metadata(reader, metadata or {})
    fix = None
    if notes.fix:
        where = f"metadata.annotations[{ANNOTATION_PREFIX}fix]"
        fix = reader.program(compiler, notes.fix, where, ANY, mixed=True)
    if reader.problems or match is None:
        return None, reader.problems
    return (
        Policy(
            name=reader.name,
            metadata=notes,
            match=match,
            conditions=conditions,
            validations=validations,
            audit_annotations=annotations,
            param_kind=param_kind,
            fails_open=spec.get("failurePolicy") == "Ignore",
            document=document,
            file=file,
            fix=fix,
        ),
        [],
    )


def _read_name(reader: Reader) -> None:
    if not reader.name:
        reader.required("metadata.name", "name or generateName is required")
    elif len(reader.name) > MAX_NAME or not NAME.match(reader.name):
        reader.problem(
            "metadata.name", f'Invalid value: "{reader.name}": must be a lowercase RFC 1123 subdomain'
        )


def _read_param_kind(reader: Reader, spec: Mapping[str, Any]) -> tuple[str, str] | None:
    if spec.get("paramKind") is None:
        return None
    kind = reader.mapping(spec, "paramKind", "spec.paramKind")
    for part in ("apiVersion", "kind"):
        if not kind.get(part):
            reader.required(f"spec.paramKind.{part}")
    return str(kind.get("apiVersion")), str(kind.get("kind"))


def _read_variables(reader: Reader, spec: Mapping[str, Any], compiler: Compiler) -> None:
    for index, variable in enumerate(reader.mappings(spec, "variables", "spec.variables")):
        where, name, source = f"spec.variables[{index}]", variable.get("name"), variable.get("expression")
        if not isinstance(name, str) or not IDENTIFIER.match(name):
            reader.problem(
                f"{where}.name", f"Invalid value: {json.dumps(name)}: name is not a valid CEL identifier"
            )
        elif name in compiler.variables:
            reader.problem(f"{where}.name", f"Duplicate value: {json.dumps(name)}")
        elif not isinstance(source, str) or not source.strip():
            reader.required(f"{where}.expression", "expression is not specified")
        else:
            try:
                compiler.add_variable(name, source)
            except ExpressionInvalid as exc:
                reader.problem(f"{where}.expression", f"Invalid value: {quoted(source)}: {exc}", source)


def _read_named(
    reader: Reader,
    spec: Mapping[str, Any],
    compiler: Compiler,
    key: str,
    parts: tuple[str, str],
    wanted: Sequence[str],
) -> tuple[Named, ...]:
    found: dict[str, Named] = {}
    for index, entry in enumerate(reader.mappings(spec, key, f"spec.{key}")):
        where, name = f"spec.{key}[{index}]", entry.get(parts[0])
        if not isinstance(name, str) or not name:
            reader.required(f"{where}.{parts[0]}")
            continue
        if name in found:
            reader.problem(f"{where}.{parts[0]}", f"Duplicate value: {json.dumps(name)}")
        program = reader.program(compiler, entry.get(parts[1]), f"{where}.{parts[1]}", wanted)
        if program is not None:
            found[name] = Named(name, program)
    return tuple(found.values())


def _read_validations(reader: Reader, spec: Mapping[str, Any], compiler: Compiler) -> tuple[Validation, ...]:
    found = []
    for index, entry in enumerate(reader.mappings(spec, "validations", "spec.validations")):
        where, reason, message = f"spec.validations[{index}]", entry.get("reason"), entry.get("message")
        program = reader.program(compiler, entry.get("expression"), f"{where}.expression", (BOOL,))
        message_program = None
        if entry.get("messageExpression"):
            source = entry["messageExpression"]
            message_program = reader.program(compiler, source, f"{where}.messageExpression", (STRING,))
        if message is not None and (
            not isinstance(message, str) or "\n" in message.strip() or not message.strip()
        ):
            reader.problem(
                f"{where}.message", f"Invalid value: {json.dumps(message)}: must be one line of text"
            )
        if reason is not None:
            reader.one_of(f"{where}.reason", reason, REASONS)
        if program is not None:
            found.append(Validation(index, program, str(message or ""), message_program, reason or "Invalid"))
    return tuple(found)


def _read_constraints(reader: Reader, spec: Mapping[str, Any]) -> Match | None:
    where = "spec.matchConstraints"
    constraints = reader.mapping(spec, "matchConstraints", where)
    if not constraints:
        reader.required(where)
        return None
    rules = reader.mappings(constraints, "resourceRules", f"{where}.resourceRules")
    if not rules:
        reader.required(f"{where}.resourceRules")
    return _read_match(reader, constraints, where, everything=False)


def _read_match(reader: Reader, value: Mapping[str, Any], where: str, *, everything: bool) -> Match | None:
    for key in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(reader.mappings(value, key, f"{where}.{key}")):
            for part in ("apiGroups", "apiVersions", "resources", "operations"):
                _check_texts(reader, rule.get(part), f"{where}.{key}[{index}].{part}")
            operations = rule.get("operations")
            for operation in operations if isinstance(operations, list) else ():
                if isinstance(operation, str) and operation not in OPERATIONS:
                    at = f"{where}.{key}[{index}].operations"
                    reader.one_of(at, operation, sorted(OPERATIONS))
            if rule.get("scope") is not None:
                reader.one_of(f"{where}.{key}[{index}].scope", rule["scope"], ("*", "Cluster", "Namespaced"))
    if value.get("matchPolicy") is not None:
        reader.one_of(f"{where}.matchPolicy", value["matchPolicy"], ("Equivalent", "Exact"))
    try:
        return Match.read(value, everything=everything)
    except (AttributeError, TypeError, ValueError) as exc:
        reader.problem(where, f"Invalid value: {exc}")
        return None


def _check_texts(reader: Reader, value: Any, where: str) -> None:
    if not value:
        reader.required(where)
    elif not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        reader.problem(where, f"Invalid value: {json.dumps(value)}: must be a list of texts")


def read_binding(
    document: Mapping[str, Any], file: str = "", index: int = 0
) -> tuple[Binding | None, list[PolicyProblem]]:
    """The binding, or everything that is wrong with it."""
    metadata = document.get("metadata") if isinstance(document.get("metadata"), Mapping) else {}
    reader = Reader(file, index, str((metadata or {}).get("name") or ""))
    _read_name(reader)
    spec = reader.mapping(document, "spec", "spec")
    policy, actions = spec.get("policyName"), spec.get("validationActions") or []
    if not isinstance(policy, str) or not policy:
        reader.required("spec.policyName")
    if not actions or not isinstance(actions, list):
        reader.required("spec.validationActions")
        actions = []
    for number, action in enumerate(actions):
        reader.one_of(f"spec.validationActions[{number}]", action, ACTIONS)
    if {"Deny", "Warn"} <= set(map(str, actions)):
        reader.problem("spec.validationActions", "Invalid value: must not contain both Deny and Warn")
    resources = reader.mapping(spec, "matchResources", "spec.matchResources")
    match = _read_match(reader, resources, "spec.matchResources", everything=True)
    reference = _read_param_ref(reader, spec)
    if reader.problems or match is None:
        return None, reader.problems
    return Binding(reader.name, str(policy), tuple(actions), match, reference, document, file), []


def _read_param_ref(reader: Reader, spec: Mapping[str, Any]) -> ParamRef | None:
    if spec.get("paramRef") is None:
        return None
    where = "spec.paramRef"
    reference = reader.mapping(spec, "paramRef", where)
    if bool(reference.get("name")) == (reference.get("selector") is not None):
        reader.required(where, "exactly one of name or selector must be specified")
    action = reference.get("parameterNotFoundAction")
    if action is None:
        reader.required(f"{where}.parameterNotFoundAction")
    else:
        reader.one_of(f"{where}.parameterNotFoundAction", action, ("Deny", "Allow"))
    selector = None
    if reference.get("selector") is not None:
        try:
            selector = Selector.read(reader.mapping(reference, "selector", f"{where}.selector"))
        except (AttributeError, TypeError, ValueError) as exc:
            reader.problem(f"{where}.selector", f"Invalid value: {exc}")
    return ParamRef(
        str(reference.get("name") or ""), str(reference.get("namespace") or ""), selector, action != "Allow"
    )
