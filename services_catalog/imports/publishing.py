"""From a version that a source has to a draft in the library, as a platform engineer declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core.errors import StateConflict, ValidationFailed
from services_catalog import reproducibility
from services_catalog.archives import PackedChart
from services_catalog.imports import declarations
from services_catalog.imports.errors import NotPublishable
from services_catalog.imports.examination import examine, examined_digest
from services_catalog.imports.judging import reason
from services_catalog.library import LibraryOffering, LibraryVersion
from services_catalog.models import (
    Offering,
    OfferingVersion,
    Plan,
    Provenance,
    SourceVersion,
    VersionStatus,
)


def publish(source_version: SourceVersion, declaration: Mapping[str, Any], *, actor: User) -> OfferingVersion:
    """A draft of the library, or the same draft declared anew. Nobody can request it before it is activated.

    Runs helm to see whether it renders the same each time, so never inside of a transaction. Raises
    NotPermitted, NotPublishable, ValidationFailed with every error of the declaration, StateConflict.
    """
    require(actor, Verb.CURATE)
    chart = usable_chart(source_version)
    check_publishable(source_version, chart)
    declared = declarations.read(declaration, chart)
    examined = reproducibility.examine(declared, declared.versions[0]).as_dict()
    return store(source_version, declared, examined, actor=actor)


def usable_chart(source_version: SourceVersion) -> PackedChart:
    """Raises NotPublishable for a version that was never taken."""
    if source_version.archive is None:
        said = source_version.refusal or "The source does not offer it any more, and it was never taken."
        raise NotPublishable("There is no chart of this version.", [reason("no_chart", said)])
    return declarations.chart_of(source_version.archive)


def check_publishable(source_version: SourceVersion, chart: PackedChart) -> None:
    """Raises NotPublishable for what the chart itself, or its signature, has against it."""
    found = list(report_of(source_version, chart)["blocking"])
    if source_version.provenance == Provenance.FAILED:
        found.append(reason("provenance", "Its signature does not hold: somebody else may have packed it."))
    if found:
        raise NotPublishable("This version cannot be published.", found)


def report_of(source_version: SourceVersion, chart: PackedChart) -> dict[str, Any]:
    """What its examination found; it is made now where that is missing or older than the policies."""
    digest = examined_digest(chart)
    if source_version.examined != digest:
        source_version.report, source_version.examined = examine(chart), digest
        source_version.save(update_fields=["report", "examined"])
    report: dict[str, Any] = source_version.report
    return report


@transaction.atomic
def store(
    source_version: SourceVersion,
    declared: LibraryOffering,
    examined: Mapping[str, Any],
    *,
    actor: User | None,
) -> OfferingVersion:
    """The rows of a declaration that was read. `actor` None: the portal itself, for a version that follows
    one that was published."""
    row = SourceVersion.objects.select_for_update().get(pk=source_version.pk)
    known = row.offering_version
    if known is not None and known.status != VersionStatus.DRAFT:
        raise StateConflict(f"{known} is {known.status} already. Only a draft is declared anew.")
    offering, created = _offering(row, declared)
    version = _version(offering, known, declared.versions[0], examined)
    _plans(version, declared.versions[0].plans)
    SourceVersion.objects.filter(pk=row.pk).update(offering_version=version)
    source_version.offering_version = version
    after = {
        "source": row.source.slug,
        "chart": f"{row.chart} {row.version}",
        "digest": version.chart_id,
        "offering": offering.slug,
        "offering_is_new": created,
        "plans": [plan["slug"] for plan in declared.versions[0].plans],
        "cluster_scoped": offering.cluster_scoped,
    }
    record("version.drafted", version, actor=actor, after=after)
    return version


def _offering(row: SourceVersion, declared: LibraryOffering) -> tuple[Offering, bool]:
    """The one that this chart feeds already, or a new one. Somebody else's is never taken over."""
    feeds = Offering.objects.filter(
        versions__source_version__source=row.source_id, versions__source_version__chart=row.chart
    ).first()
    if feeds is not None and feeds.slug != declared.slug:
        said = f"Other versions of this chart are in {feeds.slug} already. Name the same offering."
        raise ValidationFailed.at("/offering", said, "offering")
    if feeds is None and Offering.objects.filter(slug=declared.slug).exists():
        said = f"There is an offering {declared.slug} that is not made from this chart. Choose another name."
        raise ValidationFailed.at("/offering", said, "taken")
    fields = {**_defaults(), **declared.fields}
    if feeds is None:
        return Offering.objects.create(slug=declared.slug, **fields), True
    changed = [name for name, value in fields.items() if getattr(feeds, name) != value]
    for name in changed:
        setattr(feeds, name, fields[name])
    if changed:
        feeds.save(update_fields=changed)
    return feeds, False


def _defaults() -> dict[str, Any]:
    """What a declaration may leave out."""
    empty = Offering()
    optional = ("icon", "tags", "cluster_scoped", "role", "provides", "environments", "teams")
    return {name: getattr(empty, name) for name in optional}


def _version(
    offering: Offering, known: OfferingVersion | None, entry: LibraryVersion, examined: Mapping[str, Any]
) -> OfferingVersion:
    twin = offering.versions.filter(version=entry.number).first()
    if twin is not None and twin != known:
        said = f"{offering} has a version {entry.number} already."
        raise ValidationFailed.at("/versions/0/version", said, "twice")
    version = known or OfferingVersion(offering=offering, version=entry.number, status=VersionStatus.DRAFT)
    fields = {
        "chart_id": entry.chart.digest,
        "values_schema": entry.values_schema,
        "default_values": entry.default_values,
        "readme": entry.chart.files.get("README.md", b"").decode(errors="replace").replace("\0", ""),
        "notes": entry.notes,
        "reproducibility": dict(examined),
        **{name: getattr(entry, name) for name in declarations.INHERITED},
    }
    for name, value in fields.items():
        setattr(version, name, value)
    version.save()
    return version


def _plans(version: OfferingVersion, plans: list[dict[str, Any]]) -> None:
    """A draft is used by nobody, so its plans are simply made anew."""
    version.plans.all().delete()
    Plan.objects.bulk_create(
        Plan(
            offering_version=version,
            slug=plan["slug"],
            name=plan["name"],
            description=plan["description"],
            values=plan.get("values", {}),
            price_cents_per_month=plan["price_cents_per_month"],
            is_default=bool(plan.get("default")),
            order=order,
        )
        for order, plan in enumerate(plans)
    )
