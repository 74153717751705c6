"""Reading ValidatingAdmissionPolicyBinding documents, with the API server's checks in its order and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.policy.checks import check_format, check_match, check_path_segment, check_selector, quoted_json
from portal.policy.documents import Binding, ParamRef
from portal.policy.matching import Match, Selector
from portal.policy.reader import Reader, check_metadata
from portal.policy.types import PolicyProblem

ACTIONS = ("Audit", "Deny", "Warn")
NOT_FOUND_ACTIONS = ("Deny", "Allow")
# as the API server spells it
MATCH_PATH = "spec.matchResouces"
BOTH = (
    "must not contain both Deny and Warn (repeating the same validation failure information in the API "
    "response and headers serves no purpose)"
)
EXCLUSIVE = "Forbidden: name and selector are mutually exclusive"


def read_binding(
    document: Mapping[str, Any], file: str = "", index: int = 0
) -> tuple[Binding | None, list[PolicyProblem]]:
    """The binding, or everything that is wrong with it."""
    reader = Reader.of(document, file, index)
    check_metadata(reader, document)
    spec = reader.mapping(document, "spec", "spec")
    policy = spec.get("policyName")
    if not isinstance(policy, str) or not policy:
        reader.required("spec.policyName")
    else:
        check_format(reader, "spec.policyName", policy, "dns1123Subdomain")
    reference = _read_param_ref(reader, spec)
    resources = reader.mapping(spec, "matchResources", "spec.matchResources")
    check_match(reader, resources, MATCH_PATH)
    actions = _read_actions(reader, spec)
    if reader.problems:
        return None, reader.problems
    match = Match.read(resources, everything=True)
    return Binding(reader.name, str(policy), tuple(actions), match, reference, document, file), []


def _read_actions(reader: Reader, spec: Mapping[str, Any]) -> Sequence[str]:
    where, given = "spec.validationActions", spec.get("validationActions")
    actions = given if isinstance(given, list) else []
    if given is not None and not isinstance(given, list):
        reader.problem(where, "Invalid value: must be a list of texts")
    seen: list[Any] = []
    for index, action in enumerate(actions):
        reader.one_of(f"{where}[{index}]", action, ACTIONS)
        if action in seen:
            reader.problem(f"{where}[{index}]", f"Duplicate value: {quoted_json(action)}")
        seen.append(action)
    if "Deny" in seen and "Warn" in seen:
        reader.problem(where, f"Invalid value: {quoted_json(actions)}: {BOTH}")
    if not seen:
        reader.required(where, "at least one validation action is required")
    return actions


def _read_param_ref(reader: Reader, spec: Mapping[str, Any]) -> ParamRef | None:
    if spec.get("paramRef") is None:
        return None
    where = "spec.paramRef"
    reference = reader.mapping(spec, "paramRef", where)
    name, namespace = (reader.text(reference, key, f"{where}.{key}") for key in ("name", "namespace"))
    given = reference.get("selector") is not None
    if name:
        check_path_segment(reader, f"{where}.name", name)
        if given:
            reader.problem(f"{where}.name", EXCLUSIVE)
    selector = reader.mapping(reference, "selector", f"{where}.selector")
    if given:
        check_selector(reader, selector, f"{where}.selector")
        if name:
            reader.problem(f"{where}.selector", EXCLUSIVE)
    if not name and not given:
        reader.required(where, "one of name or selector must be specified")
    action = reference.get("parameterNotFoundAction")
    if not action:
        reader.required(f"{where}.parameterNotFoundAction")
    else:
        reader.one_of(f"{where}.parameterNotFoundAction", action, NOT_FOUND_ACTIONS)
    if reader.problems:
        return None
    return ParamRef(name, namespace, Selector.read(selector) if given else None, action != "Allow")
