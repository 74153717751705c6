"""Collecting what is wrong with one document, and reading what people want to know about it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.policy.cel.functions.formats import CHECKS
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

    @classmethod
    def of(cls, document: Mapping[str, Any], file: str, index: int) -> Reader:
        metadata = document.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        return cls(file, index, name if isinstance(name, str) else "")

    def problem(self, where: str, message: str, expression: str = "") -> None:
        self.problems.append(PolicyProblem(self.file, self.index, self.name, where, message, expression))

    def required(self, where: str, message: str = "") -> None:
        self.problem(where, f"Required value{': ' + message if message else ''}")

    def one_of(self, where: str, value: Any, allowed: Sequence[str]) -> None:
        said = ", ".join(json.dumps(item) for item in allowed)
        if value not in allowed:
            shown = json.dumps(value, default=str)
            self.problem(where, f"Unsupported value: {shown}: supported values: {said}")

    def text(self, parent: Mapping[str, Any], key: str, where: str) -> str:
        """The text under `key`; "" when it is left out, or no text, which is reported."""
        value = parent.get(key)
        if value is not None and not isinstance(value, str):
            self.problem(where, f"Invalid value: {json.dumps(value, default=str)}: must be a text")
        return value if isinstance(value, str) else ""

    def mapping(self, parent: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
        value = parent.get(key)
        if value is not None and not isinstance(value, Mapping):
            self.problem(where, f"Invalid value: {json.dumps(value, default=str)}: must be a mapping")
        return value if isinstance(value, Mapping) else {}

    def mappings(self, parent: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
        value = parent.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.problem(where, "Invalid value: must be a list of mappings")
            return []
        return value

    def program(
        self,
        compiler: Compiler,
        source: str,
        where: str,
        wanted: Sequence[str],
        *,
        trimmed: bool = False,
        **options: bool,
    ) -> Program | None:
        """The compiled expression, or None and a problem that quotes it. `options` are Compiler.compile's."""
        try:
            return compiler.compile(source.strip() if trimmed else source, wanted, **options)
        except ExpressionInvalid as exc:
            # apiserver's field errors quote the value as it stands
            self.problem(where, f"Invalid value: {quoted(source)}: {exc}", source)
            return None


def check_metadata(reader: Reader, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document's metadata, whose name, labels and annotations must be proper ones."""
    metadata = reader.mapping(document, "metadata", "metadata")
    if not reader.name:
        reader.required("metadata.name", "name or generateName is required")
    else:
        for problem in CHECKS["dns1123Subdomain"](reader.name):
            reader.problem("metadata.name", f"Invalid value: {quoted(reader.name)}: {problem}")
    if metadata.get("namespace"):
        reader.problem("metadata.namespace", "Forbidden: not allowed on this type")
    for part, check in (("labels", str), ("annotations", str.lower)):
        for key, value in reader.mapping(metadata, part, f"metadata.{part}").items():
            for problem in CHECKS["qualifiedName"](check(str(key))):
                reader.problem(f"metadata.{part}", f"Invalid value: {quoted(str(key))}: {problem}")
            if part == "labels" and isinstance(value, str):
                for problem in CHECKS["labelValue"](value):
                    reader.problem("metadata.labels", f"Invalid value: {quoted(value)}: {problem}")
    return metadata


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
