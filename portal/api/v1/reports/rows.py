"""The portal's reports in the shape of the Policy Working Group's PolicyReport (wgpolicyk8s.io/v1alpha2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from portal.core.objects import ObjectKey
from portal.lifecycle.models import PolicyReport, Violation
from portal.policy import Bundle

API_VERSION, KIND = "wgpolicyk8s.io/v1alpha2", "PolicyReport"
SOURCE = "slipway"
RESULTS: Mapping[str, str] = {
    "deny": "fail",
    "error": "error",
    "warn": "warn",
    "audit": "warn",
    "waived": "skip",
}
SCORED = ("deny", "error")


def rows(reports: Iterable[PolicyReport], policies: Bundle, now: datetime) -> list[dict[str, Any]]:
    """One for each instance. What passed is counted only, as it is kept."""
    categories = {policy.name: policy.metadata.category for policy in policies.policies}
    return [
        {**_row(report, categories), "stale": report.is_stale_at(now, policies.digest)} for report in reports
    ]


def _row(report: PolicyReport, categories: Mapping[str, str]) -> dict[str, Any]:
    instance = report.instance
    found = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": _metadata(report),
        "summary": {
            "pass": report.passed,
            "fail": report.failed,
            "warn": report.warned,
            "error": report.errors,
            "skip": report.waived,
        },
        "results": [
            _result(violation, categories.get(violation.policy, ""))
            for violation in instance.violations.all()
        ],
    }
    if instance.is_namespace:
        # a service is several objects, none of which is the scope of all
        found["scope"] = {"apiVersion": "v1", "kind": "Namespace", "name": instance.namespace}
    return found


def _metadata(report: PolicyReport) -> dict[str, Any]:
    instance = report.instance
    return {
        "name": instance.name,
        "namespace": instance.namespace,
        "labels": {
            "app.kubernetes.io/managed-by": SOURCE,
            "app.kubernetes.io/instance": instance.name,
            "slipway.dev/application": instance.application.slug,
            "slipway.dev/environment": instance.environment.slug,
            "slipway.dev/team": instance.application.team.slug,
        },
        "annotations": {
            "slipway.dev/instance-id": str(instance.pk),
            "slipway.dev/policy-digest": report.policy_digest,
        },
        "creationTimestamp": report.scanned_at,
    }


def _result(violation: Violation, category: str) -> dict[str, Any]:
    since = violation.since
    return {
        "source": SOURCE,
        "policy": violation.policy,
        "rule": str(violation.rule),
        "category": category,
        "severity": violation.severity,
        "timestamp": {"seconds": int(since.timestamp()), "nanos": since.microsecond * 1000},
        "result": RESULTS[violation.outcome],
        "scored": violation.outcome in SCORED,
        "resources": [_resource(violation.key)],
        "message": violation.message,
        "properties": _properties(violation),
    }


def _resource(key: ObjectKey) -> dict[str, str]:
    return {name: value for name, value in key.as_dict().items() if value or name != "namespace"}


def _properties(violation: Violation) -> dict[str, str]:
    """Text only, as the shape wants it."""
    found = {"outcome": violation.outcome, "title": violation.title, "due": violation.due_at.isoformat()}
    if violation.path:
        found["path"] = violation.path
    if violation.fix:
        found["fix"] = json.dumps(violation.fix, ensure_ascii=False)
    if violation.exception is not None:
        found["exception"] = str(violation.exception.pk)
        found["until"] = violation.exception.expires_at.isoformat()
    return found
