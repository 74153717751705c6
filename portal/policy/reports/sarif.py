"""The report for code scanners: SARIF 2.1.0 (OASIS), with the properties that GitHub and GitLab read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from portal.core.digests import digest_of
from portal.policy import sla
from portal.policy.documents import Metadata
from portal.policy.reports.report import Placed, Report
from portal.policy.types import Outcome, Severity, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
LEVELS: Mapping[Outcome, str] = {
    "error": "error",
    "deny": "error",
    "warn": "warning",
    "audit": "note",
    "waived": "note",
}
# on CVSS's scale, as scanners read it: above 9 critical, above 7 high, above 4 medium
SCORES: Mapping[Severity, str] = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}


def render(report: Report, *, docs_url: str = "") -> str:
    return json.dumps(as_dict(report, docs_url=docs_url), indent=2, ensure_ascii=False)


def as_dict(report: Report, *, docs_url: str = "") -> dict[str, Any]:
    """`docs_url` is what the policies' `docs` are relative to: SARIF takes whole addresses only."""
    rules = _rules(report, docs_url)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "Slipway policy", "rules": rules}},
                "automationDetails": {"id": "slipway-policy/"},
                "originalUriBaseIds": {ROOT: {"description": {"text": "Where the command was started."}}},
                "columnKind": "utf16CodeUnits",
                "invocations": [{"executionSuccessful": True}],
                "results": list(_results(report, index)),
                "properties": {"policyDigest": report.digest, "environments": list(report.environments)},
            }
        ],
    }


def _rules(report: Report, docs_url: str) -> list[dict[str, Any]]:
    """All policies; and what the engine says in its own name, which no policy document describes."""
    known = {policy.name: policy.metadata for policy in report.policies}
    for each in report.findings:
        known.setdefault(each.verdict.policy, _metadata_of(each.verdict))
    return [_rule(name, notes, docs_url) for name, notes in sorted(known.items(), key=lambda item: item[0])]


def _metadata_of(verdict: Verdict) -> Metadata:
    return Metadata(
        title=verdict.title,
        category=verdict.category,
        severity=verdict.severity,
        remediation=verdict.remediation,
        docs=verdict.docs,
    )


def _rule(name: str, notes: Metadata, docs_url: str) -> dict[str, Any]:
    help_text = notes.remediation or notes.title
    described = {
        "id": name,
        "name": "".join(part.capitalize() for part in name.replace(".", "-").split("-")),
        "shortDescription": {"text": notes.title},
        "fullDescription": {"text": " ".join(notes.rationale.split()) or notes.title},
        "help": {"text": help_text, "markdown": _help(notes)},
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", *([notes.category] if notes.category else []), *notes.standards],
            "precision": "very-high",
            "problem.severity": "error",
            "security-severity": SCORES[notes.severity],
            "severity": notes.severity,
            "timeToRemedy": sla.in_words(sla.time_to_remedy(notes)),
        },
    }
    address = _address(notes.docs, docs_url)
    return {**described, "helpUri": address} if address else described


def _help(notes: Metadata) -> str:
    parts = [
        f"**{notes.title}**",
        notes.rationale,
        f"**How to fix it:** {notes.remediation}" if notes.remediation else "",
        f"Standards: {', '.join(notes.standards)}." if notes.standards else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _address(docs: str, docs_url: str) -> str:
    """A whole address, or "" when only a relative one is known."""
    address = urljoin(docs_url, docs) if docs else ""
    return address if urlsplit(address).scheme in ("http", "https") else ""


def _results(report: Report, index: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    # the same object twice in a file: told apart by their order
    seen: Counter[str] = Counter()
    for each in report.findings:
        fingerprint = _fingerprint(each)
        seen[fingerprint] += 1
        yield _result(each, index, report, f"{fingerprint}:{seen[fingerprint]}")


def _result(placed: Placed, index: Mapping[str, int], report: Report, fingerprint: str) -> dict[str, Any]:
    verdict = placed.verdict
    where = f" ({placed.environment})" if len(report.environments) > 1 else ""
    properties = {"environment": placed.environment, "outcome": verdict.outcome, "path": verdict.path}
    return {
        "ruleId": verdict.policy,
        "ruleIndex": index[verdict.policy],
        "level": LEVELS[verdict.outcome],
        "message": {"text": f"{verdict.key}{where}: {verdict.message or verdict.title}"},
        "locations": [_location(placed)],
        # the second is the name under which GitHub looks for it
        "partialFingerprints": {"slipwayFinding/v1": fingerprint, "primaryLocationLineHash": fingerprint},
        # SARIF: known for all results of a run, or for none
        "suppressions": list(_suppressions(verdict)),
        "properties": {**properties, **({"fix": list(verdict.fix)} if verdict.fix else {})},
    }


def _suppressions(verdict: Verdict) -> Iterator[dict[str, Any]]:
    if verdict.outcome == "waived":
        justification = f"Exception {verdict.exception} allows it until {verdict.until}."
        yield {"kind": "external", "status": "accepted", "justification": justification}


def _fingerprint(placed: Placed) -> str:
    """The same finding next time: line, message and order may change, the object and the rule do not."""
    verdict = placed.verdict
    subject = [placed.file, placed.environment, verdict.key.as_dict(), verdict.path]
    return digest_of([*subject, verdict.policy, verdict.rule]).removeprefix("sha256:")[:32]


def _location(placed: Placed) -> dict[str, Any]:
    key = placed.verdict.key
    parts = [part for part in (key.api_version, key.kind, key.namespace, key.name) if part]
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(placed.file),
            "region": {"startLine": placed.line},
        },
        "logicalLocations": [
            {"name": key.name, "fullyQualifiedName": "/".join(parts), "kind": "object"},
        ],
    }


def _artifact(file: str) -> dict[str, str]:
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix()), "uriBaseId": ROOT}
