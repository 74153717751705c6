"""One version of one chart: the report on it, and what was made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.shortcuts import get_object_or_404

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.core.errors import StateConflict
from services_catalog.imports import declarations
from services_catalog.models import ChartSource, OfferingVersion, SourceVersion, VersionStatus

# remarks of these kinds ask for a decision; the rest is good to know
GRAVE = frozenset(
    {
        *("beyond_a_team", "policy_denies", "renders_differently", "defaults_do_not_render"),
        *("webhooks", "privileged", "far_access", "other_namespaces", "lint"),
    }
)


def version_of(source: str, chart: str, version: str) -> SourceVersion:
    """Of a source that was not removed. Raises Http404."""
    rows = SourceVersion.objects.select_related("source", "archive", "offering_version__offering").defer(
        "archive__content", "source__secret", "source__keyring"
    )
    present = ChartSource.objects.present().filter(slug=source)
    return get_object_or_404(rows, source__in=present, chart=chart, version=version)


def published(row: SourceVersion) -> OfferingVersion:
    """What was made of it. Raises StateConflict while nothing was."""
    if row.offering_version is None:
        raise StateConflict(f"{row.chart} {row.version} is not published. Publish it first.")
    return row.offering_version


def context(user: User, row: SourceVersion) -> dict[str, Any]:
    report: Mapping[str, Any] = row.report
    draft = row.offering_version if row.offering_version_id else None
    remarks = report.get("remarks", ())
    return {
        "row": row,
        "source": row.source,
        "report": report,
        "published": draft,
        "problems": draft_problems(row),
        "grave": [each for each in remarks if each["code"] in GRAVE],
        "minor": [each for each in remarks if each["code"] not in GRAVE],
        "environments": list(report.get("policy", {}).get("counts", {})),
        "findings": findings(report),
        "publishable": row.is_usable and not report.get("blocking") and row.examined != "",
        "may_curate": user.access.may(Verb.CURATE),
    }


def draft_problems(row: SourceVersion) -> list[dict[str, str]]:
    """What in an inherited declaration no longer fits the chart."""
    version = row.offering_version
    if version is None or version.status != VersionStatus.DRAFT or row.archive is None:
        return []
    return declarations.problems(declarations.of_version(version), declarations.chart_of(row.archive))


def findings(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What did not pass, with its outcome in each environment in the columns' order."""
    policy = report.get("policy", {})
    names = list(policy.get("counts", {}))
    return [
        {**each, "columns": [(name, each["outcomes"].get(name, "")) for name in names]}
        for each in policy.get("findings", ())
    ]
