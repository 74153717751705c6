"""Reading ValidatingAdmissionPolicy documents, with the API server's checks in its order and words.

Follows pkg/apis/admissionregistration/validation/validation.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portal.policy.cel.parsing import RESERVED
from portal.policy.cel.program import ANY, BOOL, NULL, STRING, Compiler, ExpressionInvalid
from portal.policy.checks import check_format, check_match, quoted_json
from portal.policy.documents import Named, Policy, Validation
from portal.policy.matching import Match
from portal.policy.reader import Reader, check_metadata, quoted, read_metadata
from portal.policy.types import ANNOTATION_PREFIX, PolicyProblem

ROOTS = ("object", "oldObject", "request", "namespaceObject")
FAILURE_POLICIES = ("Fail", "Ignore")
REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NO_NAMES = RESERVED | {"true", "false", "null", "in"}
MAX_CONDITIONS, MAX_ANNOTATIONS = 64, 20
MAX_ANNOTATION_EXPRESSION = 5 * 1024
UNSPECIFIED = "expression is not specified"
NOTHING = "validations or auditAnnotations must contain at least one item"


def read_policy(
    document: Mapping[str, Any], file: str = "", index: int = 0
) -> tuple[Policy | None, list[PolicyProblem]]:
    """The policy, compiled, or everything that is wrong with it."""
    reader = Reader.of(document, file, index)
    metadata = check_metadata(reader, document)
    spec = reader.mapping(document, "spec", "spec")
    if spec.get("failurePolicy") is not None:
        reader.one_of("spec.failurePolicy", spec["failurePolicy"], FAILURE_POLICIES)
    param_kind = _read_param_kind(reader, spec)
    compiler = Compiler((*ROOTS, "params") if param_kind else ROOTS)
    constraints = _check_constraints(reader, spec)
    conditions = _read_conditions(reader, spec, compiler)
    _read_variables(reader, spec, compiler)
    validations, annotations = _read_rules(reader, spec, compiler)
    notes = read_metadata(reader, metadata)
    fix = None
    if notes.fix:
        where = f"metadata.annotations[{ANNOTATION_PREFIX}fix]"
        fix = reader.program(compiler, notes.fix, where, ANY, mixed=True)
    if reader.problems:
        return None, reader.problems
    policy = Policy(
        name=reader.name,
        metadata=notes,
        match=Match.read(constraints, everything=False),
        conditions=conditions,
        validations=validations,
        audit_annotations=annotations,
        param_kind=param_kind,
        fails_open=spec.get("failurePolicy") == "Ignore",
        document=document,
        file=file,
        fix=fix,
    )
    return policy, []


def _read_param_kind(reader: Reader, spec: Mapping[str, Any]) -> tuple[str, str] | None:
    if spec.get("paramKind") is None:
        return None
    where = "spec.paramKind"
    given = reader.mapping(spec, "paramKind", where)
    version, kind = (reader.text(given, key, f"{where}.{key}") for key in ("apiVersion", "kind"))
    if not version:
        reader.required(f"{where}.apiVersion")
    elif version.count("/") > 1:
        said = f"unexpected GroupVersion string: {version}"
        reader.problem(f"{where}.apiVersion", f"Invalid value: {quoted(version)}: {said}")
    else:
        group, _, name = version.rpartition("/")
        if group:
            _check_joined(reader, f"{where}.apiVersion", group, group, "dns1123Subdomain")
        if name:
            _check_joined(reader, f"{where}.apiVersion", name, name, "dns1035Label")
        else:
            said = f"Invalid value: {quoted(version)}: version must be specified"
            reader.problem(f"{where}.apiVersion", said)
    if not kind:
        reader.required(f"{where}.kind")
    else:
        mixed = "may have mixed case, but should otherwise match: "
        _check_joined(reader, f"{where}.kind", kind, kind.lower(), "dns1035Label", mixed)
    return version, kind


def _check_joined(reader: Reader, where: str, shown: str, value: str, form: str, before: str = "") -> None:
    """As check_format, with all that is wrong in one problem."""
    probe = Reader(reader.file, reader.index, reader.name)
    check_format(probe, where, value, form)
    said = [problem.message.removeprefix(f"Invalid value: {quoted(value)}: ") for problem in probe.problems]
    if said:
        reader.problem(where, f"Invalid value: {quoted(shown)}: {before}{','.join(said)}")


def _check_constraints(reader: Reader, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    where = "spec.matchConstraints"
    if spec.get("matchConstraints") is None:
        reader.required(where)
        return {}
    constraints = reader.mapping(spec, "matchConstraints", where)
    check_match(reader, constraints, where)
    if not constraints.get("resourceRules"):
        reader.required(f"{where}.resourceRules")
    return constraints


def _read_conditions(reader: Reader, spec: Mapping[str, Any], compiler: Compiler) -> tuple[Named, ...]:
    """Match conditions, which are compiled without their surrounding space, and know no variables."""
    found: list[Named] = []
    names: set[str] = set()
    entries = reader.mappings(spec, "matchConditions", "spec.matchConditions")
    if len(entries) > MAX_CONDITIONS:
        said = f"Too many: {len(entries)}: must have at most {MAX_CONDITIONS} items"
        reader.problem("spec.matchConditions", said)
    for index, entry in enumerate(entries):
        where = f"spec.matchConditions[{index}]"
        source = reader.text(entry, "expression", f"{where}.expression").strip()
        name = reader.text(entry, "name", f"{where}.name")
        program = None
        if source:
            program = reader.program(compiler, source, f"{where}.expression", (BOOL,), variables=False)
        else:
            reader.required(f"{where}.expression")
        if not name:
            reader.required(f"{where}.name")
        else:
            check_format(reader, f"{where}.name", name, "qualifiedName")
            if name in names:
                reader.problem(f"{where}.name", f"Duplicate value: {quoted(name)}")
            names.add(name)
        if program is not None:
            found.append(Named(name, program))
    return tuple(found)


def _read_variables(reader: Reader, spec: Mapping[str, Any], compiler: Compiler) -> None:
    for index, variable in enumerate(reader.mappings(spec, "variables", "spec.variables")):
        where = f"spec.variables[{index}]"
        name = reader.text(variable, "name", f"{where}.name")
        source = reader.text(variable, "expression", f"{where}.expression")
        if not name.strip():
            reader.required(f"{where}.name", "name is not specified")
        elif not IDENTIFIER.fullmatch(name) or name in NO_NAMES:
            said = f"Invalid value: {quoted(name)}: name is not a valid CEL identifier"
            reader.problem(f"{where}.name", said)
        elif name in compiler.variables:
            reader.problem(f"{where}.name", f"Duplicate value: {quoted(name)}")
        if not source.strip():
            reader.required(f"{where}.expression", UNSPECIFIED)
            continue
        try:
            compiler.add_variable(name, source)
        except ExpressionInvalid as exc:
            reader.problem(f"{where}.expression", f"Invalid value: {quoted(source)}: {exc}", source)


def _read_rules(
    reader: Reader, spec: Mapping[str, Any], compiler: Compiler
) -> tuple[tuple[Validation, ...], tuple[Named, ...]]:
    entries = reader.mappings(spec, "validations", "spec.validations")
    annotations = reader.mappings(spec, "auditAnnotations", "spec.auditAnnotations")
    if not entries and not annotations:
        for key in ("validations", "auditAnnotations"):
            if not spec.get(key):
                reader.required(f"spec.{key}", NOTHING)
        return (), ()
    found = [_read_validation(reader, entry, index, compiler) for index, entry in enumerate(entries)]
    validations = tuple(validation for validation in found if validation is not None)
    return validations, _read_annotations(reader, annotations, compiler)


def _read_validation(
    reader: Reader, entry: Mapping[str, Any], index: int, compiler: Compiler
) -> Validation | None:
    where = f"spec.validations[{index}]"
    source, worded, message = (
        reader.text(entry, key, f"{where}.{key}") for key in ("expression", "messageExpression", "message")
    )
    program = message_program = None
    if source.strip():
        program = reader.program(compiler, source, f"{where}.expression", (BOOL,))
    else:
        reader.required(f"{where}.expression", UNSPECIFIED)
    if worded and not worded.strip():
        said = f"Invalid value: {quoted(worded)}: must be non-empty if specified"
        reader.problem(f"{where}.messageExpression", said)
    elif worded:
        at = f"{where}.messageExpression"
        message_program = reader.program(compiler, worded, at, (STRING,), authorizer=False)
    if message and not message.strip():
        said = f"Invalid value: {quoted(message)}: message must be non-empty if specified"
        reader.problem(f"{where}.message", said)
    elif re.search(r"[\n\r]", message.strip()):
        said = f"Invalid value: {quoted(message)}: message must not contain line breaks"
        reader.problem(f"{where}.message", said)
    reason = entry.get("reason")
    if reason is not None:
        reader.one_of(f"{where}.reason", reason, REASONS)
    if program is None:
        return None
    return Validation(index, program, message, message_program, reason or "Invalid")


def _read_annotations(
    reader: Reader, entries: list[Mapping[str, Any]], compiler: Compiler
) -> tuple[Named, ...]:
    if len(entries) > MAX_ANNOTATIONS:
        said = f"must not have more than {MAX_ANNOTATIONS} auditAnnotations"
        reader.problem("spec.auditAnnotations", f"Invalid value: {quoted_json(entries)}: {said}")
    found: list[Named] = []
    keys: set[str] = set()
    for index, entry in enumerate(entries):
        where = f"spec.auditAnnotations[{index}]"
        key = reader.text(entry, "key", f"{where}.key")
        given = reader.text(entry, "valueExpression", f"{where}.valueExpression")
        if reader.name:
            check_format(reader, f"{where}.key", f"{reader.name}/{key}", "qualifiedName")
        else:
            said = f"Invalid value: {quoted(key)}: requires metadata.name be non-empty"
            reader.problem(f"{where}.key", said)
        program = None
        if not given.strip():
            reader.required(f"{where}.valueExpression", "valueExpression is not specified")
        elif len(given.strip().encode()) > MAX_ANNOTATION_EXPRESSION:
            said = f"must not exceed {MAX_ANNOTATION_EXPRESSION} bytes in length"
            reader.required(f"{where}.valueExpression", said)
        else:
            at = f"{where}.valueExpression"
            program = reader.program(compiler, given, at, (STRING, NULL), trimmed=True)
        if key in keys:
            reader.problem(f"{where}.key", f"Duplicate value: {quoted(key)}")
        keys.add(key)
        if program is not None:
            found.append(Named(key, program))
    return tuple(found)
