"""Collecting what is wrong with one document, and reading what people want to know about it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.policy.cel.program import Compiler, ExpressionInvalid, Program
from portal.policy.documents import Metadata
from portal.policy.types import ANNOTATION_PREFIX, SEVERITIES, PolicyProblem

SLA = re.compile(r"^[1-9]\d{0,3}[dh]$")


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@dataclass
class Reader:
    """Collects the problems of one document."""

    file: str
    index: int
    name: str
    problems: list[PolicyProblem] = field(default_factory=list)

    def problem(self, where: str, message: str, expression: str = "") -> None:
        self.problems.append(PolicyProblem(self.file, self.index, self.name, where, message, expression))

    def required(self, where: str, message: str = "") -> None:
        self.problem(where, f"Required value{': ' + message if message else ''}")

    def one_of(self, where: str, value: Any, allowed: Sequence[str]) -> None:
        said = ", ".join(json.dumps(item) for item in allowed)
        if value not in allowed:
            self.problem(where, f"Unsupported value: {json.dumps(value)}: supported values: {said}")

    def mapping(self, parent: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
        value = parent.get(key)
        if value is not None and not isinstance(value, Mapping):
            self.problem(where, f"Invalid value: {json.dumps(value)}: must be a mapping")
        return value if isinstance(value, Mapping) else {}

    def mappings(self, parent: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
        value = parent.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.problem(where, "Invalid value: must be a list of mappings")
            return []
        return value

    def program(
        self, compiler: Compiler, source: Any, where: str, wanted: Sequence[str], *, mixed: bool = False
    ) -> Program | None:
        if not isinstance(source, str) or not source.strip():
            self.required(where, "expression is not specified")
            return None
        try:
            return compiler.compile(source, wanted, mixed=mixed)
        except ExpressionInvalid as exc:
            # apiserver's field errors quote the value as it stands
            self.problem(where, f"Invalid value: {quoted(source)}: {exc}", source)
            return None


def read_metadata(reader: Reader, metadata: Mapping[str, Any]) -> Metadata:
    annotations = metadata.get("annotations") if isinstance(metadata.get("annotations"), Mapping) else {}
    notes = {
        str(key).removeprefix(ANNOTATION_PREFIX): str(value).strip()
        for key, value in (annotations or {}).items()
        if str(key).startswith(ANNOTATION_PREFIX)
    }
    unknown = sorted(set(notes) - {*Metadata.__dataclass_fields__})
    for name in unknown:
        reader.problem(f"metadata.annotations[{ANNOTATION_PREFIX}{name}]", "unknown annotation")
    severity = notes.get("severity") or "medium"
    reader.one_of(f"metadata.annotations[{ANNOTATION_PREFIX}severity]", severity, SEVERITIES)
    standards = tuple(part.strip() for part in notes.get("standards", "").split(",") if part.strip())
    sla = notes.get("sla", "")
    if sla and not SLA.match(sla):
        reader.problem(
            f"metadata.annotations[{ANNOTATION_PREFIX}sla]",
            f"Invalid value: {json.dumps(sla)}: days or hours are expected, `7d` or `36h`",
        )
    return Metadata(
        title=notes.get("title") or reader.name,
        category=notes.get("category", ""),
        severity=severity if severity in SEVERITIES else "medium",
        rationale=notes.get("rationale", ""),
        remediation=notes.get("remediation", ""),
        docs=notes.get("docs", ""),
        standards=standards,
        sla=sla,
        fix=notes.get("fix", ""),
    )
