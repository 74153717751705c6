"""The report for programs. docs/policy-cli.md documents the shape; fields are only ever added."""

from __future__ import annotations

import json
from typing import Any

from portal.policy.reports.report import Placed, Report


def render(report: Report) -> str:
    return json.dumps(as_dict(report), indent=2, ensure_ascii=False)


def as_dict(report: Report) -> dict[str, Any]:
    judgement = report.judgement
    return {
        "allowed": judgement.allowed,
        "passed": judgement.passed,
        "waived": judgement.waived,
        "warned": judgement.warned,
        "denied": judgement.denied,
        "files": report.files,
        "objects": report.objects,
        "environments": list(report.environments),
        "policyDigest": report.digest,
        "verdicts": [_verdict(each) for each in report.placed],
    }


def _verdict(placed: Placed) -> dict[str, Any]:
    return {
        "file": placed.file,
        "line": placed.line,
        "environment": placed.environment,
        **placed.verdict.as_dict(),
    }
