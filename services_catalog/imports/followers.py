"""A new version of a chart that is published already becomes a draft by itself, declared as before."""

from __future__ import annotations

from services_catalog import reproducibility, semver
from services_catalog.imports import declarations, proposals
from services_catalog.imports.publishing import store, usable_chart
from services_catalog.models import OfferingVersion, SourceVersion


def follow(source_version: SourceVersion) -> OfferingVersion | None:
    """The draft, where this version follows one that was published; what no longer fits is told beside it.

    Runs helm, so never inside of a transaction. A second call is harmless. `source_version` has its report.
    """
    if source_version.offering_version_id or source_version.archive is None:
        return None
    if source_version.report.get("blocking", True):
        return None
    before = proposals.published_before(source_version)
    chart = usable_chart(source_version)
    number = declarations.number_of(chart)
    if before is None or not semver.is_semver(number) or semver.precedence(number) <= before.precedence:
        return None
    declared, problems = declarations.parsed(proposals.declared_again(before), chart)
    if declared is None:
        return None
    version = declared.versions[0]
    examined = {} if problems else reproducibility.examine(declared, version).as_dict()
    return store(source_version, declared, examined, actor=None)
