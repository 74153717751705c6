"""Bringing the database in line with the library's files. What releases were sealed with is never touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.db import models, transaction
from django.db.models import ProtectedError

from portal.audit.recording import record
from portal.core.digests import short
from portal.core.errors import StateConflict
from services_catalog import deprecations, library, reproducibility
from services_catalog.library import LibraryOffering, LibraryVersion
from services_catalog.models import (
    ChartArchive,
    Offering,
    OfferingVersion,
    Plan,
    SourceVersion,
    VersionStatus,
)
from services_catalog.sources import tree


class ChartChanged(StateConflict):
    """A published version's chart differs from the one that is stored."""

    code = "chart_changed"


@dataclass(frozen=True)
class Step:
    """One thing that a sync did, or found."""

    what: Literal[
        "created", "updated", "unchanged", "chart replaced", "removed", "not in the library", "kept as draft"
    ]
    subject: str

    def __str__(self) -> str:
        return f"{self.what}: {self.subject}"


def sync(folder: Path | None = None, *, mutable: bool | None = None) -> list[Step]:
    """Read the library and make offerings, versions and plans match it; all of it or nothing.

    Running it again changes nothing. Offerings and versions that left the library are kept and reported.
    Where `mutable` (SLIPWAY_CATALOG_MUTABLE) is false, a changed chart under a known version is ChartChanged.
    What is new is first examined: a version that renders differently each time is kept as draft.
    Raises ValidationFailed when the files have errors.
    """
    folder = Path(settings.SLIPWAY_LIBRARY_DIR) if folder is None else folder
    mutable = bool(settings.SLIPWAY_CATALOG_MUTABLE) if mutable is None else mutable
    entries = library.read(folder)
    examined = _examine(entries)
    with transaction.atomic():
        steps = [step for entry in entries for step in _offering(entry, mutable, examined)]
        for entry in entries:
            said = {version.number: version.deprecation for version in entry.versions}
            deprecations.link(Offering.objects.get(slug=entry.slug), entry.deprecation, said)
        listed = {(entry.slug, version.number) for entry in entries for version in entry.versions}
        steps += _strays(listed)
        tree.note(steps, len(listed))
    return steps


Examined = dict[tuple[str, str], dict[str, Any]]


def _examine(entries: list[LibraryOffering]) -> Examined:
    """What is known of each version's reproducibility; helm runs only for what was not examined yet."""
    rows = OfferingVersion.objects.values_list("offering__slug", "version", "reproducibility")
    known = {(slug, number): stored for slug, number, stored in rows.order_by()}
    found: Examined = {}
    for entry in entries:
        for version in entry.versions:
            stored = known.get((entry.slug, version.number), {})
            if stored.get("examined") != reproducibility.examined_digest(entry, version):
                stored = reproducibility.examine(entry, version).as_dict()
            found[entry.slug, version.number] = stored
    return found


def _offering(entry: LibraryOffering, mutable: bool, examined: Examined) -> Iterator[Step]:
    _check_ours(entry.slug)
    offering, what = _put(Offering, {"slug": entry.slug}, _offering_fields(entry))
    steps = [Step(what, entry.slug)]
    kept = []
    for version in entry.versions:
        known = examined[entry.slug, version.number]
        steps += _version(offering, version, mutable, known)
        if known["status"] == reproducibility.Status.VARIES:
            kept.append(Step("kept as draft", f"{entry.slug} {version.number}. {known['reason']}"))
    done = [str(step) for step in steps if step.what != "unchanged"]
    if done:
        record("catalog.synchronised", offering, actor=None, after={"steps": [*done, *map(str, kept)]})
    yield from [*steps, *kept]


def _offering_fields(entry: LibraryOffering) -> dict[str, Any]:
    existing = Offering.objects.filter(slug=entry.slug).first()
    fields = _with_defaults(Offering, entry.fields)
    return {**fields, **deprecations.of_offering(existing, fields["lifecycle"], entry.deprecation)}


def _check_ours(slug: str) -> None:
    """An offering that is made of an imported chart is not taken over by a file of the same name."""
    made = (
        SourceVersion.objects.filter(offering_version__offering__slug=slug).select_related("source").first()
    )
    if made is not None:
        raise StateConflict(
            f"The offering {slug} is made of the chart {made.chart} of the source {made.source.slug}. "
            "Give the file, and its offering, another name."
        )


def _version(
    offering: Offering, entry: LibraryVersion, mutable: bool, known: dict[str, Any]
) -> Iterator[Step]:
    subject = f"{offering.slug} {entry.number}"
    existing = OfferingVersion.objects.filter(offering=offering, version=entry.number).first()
    replaced = existing is not None and existing.chart_id != entry.chart.digest
    if existing is not None and replaced and not mutable:
        raise ChartChanged(
            f"The chart of {subject} has changed: published is {short(existing.chart_id)}, "
            f"in the library is {short(entry.chart.digest)}. Give the changed chart a new version.",
            offering=offering.slug,
            version=entry.number,
        )
    archive, _ = ChartArchive.objects.store(entry.chart)
    version, what = _put(
        OfferingVersion,
        {"offering": offering, "version": entry.number},
        {
            "status": _status(entry, known),
            "reproducibility": known,
            "overlays": entry.overlays,
            "chart": archive,
            "values_schema": entry.values_schema,
            "default_values": entry.default_values,
            "readme": entry.chart.text("README.md"),
            "short_form": entry.short_form,
            "locked_values": entry.locked_values,
            "values_of": entry.values_of,
            "verification": entry.verification,
            "ready_timeout_seconds": entry.ready_timeout_seconds,
            "notes": entry.notes,
            "marks": entry.marks,
            "example": entry.example,
            **deprecations.of_version(existing, _status(entry, known), entry.deprecation),
        },
    )
    yield Step("chart replaced" if replaced else what, subject)
    yield from _plans(version, entry, subject)


def _status(entry: LibraryVersion, known: dict[str, Any]) -> str:
    """What the library says, but never on offer when it renders differently each time."""
    varies = known["status"] == reproducibility.Status.VARIES
    return VersionStatus.DRAFT if varies and entry.status != VersionStatus.RETIRED else entry.status


def _plans(version: OfferingVersion, entry: LibraryVersion, subject: str) -> Iterator[Step]:
    slugs = [plan["slug"] for plan in entry.plans]
    for stray in version.plans.exclude(slug__in=slugs):
        try:
            with transaction.atomic():
                stray.delete()
        except ProtectedError as exc:
            raise StateConflict(
                f"The plan {stray.slug} of {subject} is in use. Put it back into the library's file."
            ) from exc
        yield Step("removed", f"{subject} plan {stray.slug}")
    # one default at a time: the old one steps down before the new one steps up
    default = next(plan["slug"] for plan in entry.plans if plan.get("default"))
    version.plans.exclude(slug=default).filter(is_default=True).update(is_default=False)
    for order, plan in enumerate(entry.plans):
        fields = {
            "name": plan["name"],
            "description": plan["description"],
            "values": plan.get("values", {}),
            "price_cents_per_month": plan["price_cents_per_month"],
            "is_default": plan["slug"] == default,
            "order": order,
        }
        _, what = _put(Plan, {"offering_version": version, "slug": plan["slug"]}, fields)
        if what != "unchanged":
            yield Step(what, f"{subject} plan {plan['slug']}")


def _put(
    model: type[Any], key: dict[str, Any], fields: dict[str, Any]
) -> tuple[Any, Literal["created", "updated", "unchanged"]]:
    """Create or update one row, writing only when something differs."""
    row = model.objects.filter(**key).first()
    if row is None:
        return model.objects.create(**key, **fields), "created"
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    if not changed:
        return row, "unchanged"
    for name in changed:
        setattr(row, name, fields[name])
    row.save(update_fields=changed)
    return row, "updated"


def _with_defaults(model: type[models.Model], fields: dict[str, Any]) -> dict[str, Any]:
    """Every optional field, so that what was removed from a file returns to its default."""
    optional = {
        each.name: each.get_default()
        for each in model._meta.concrete_fields
        if each.has_default() and each.editable and not each.primary_key
    }
    return {**optional, "icon": "", **fields}


def _strays(listed: set[tuple[str, str]]) -> list[Step]:
    """What no file speaks of any more; what came from elsewhere was never in one."""
    ours = OfferingVersion.objects.filter(source_version=None)
    known = ours.values_list("offering__slug", "version").order_by("offering__slug", "pk")
    return [
        Step("not in the library", f"{slug} {number}")
        for slug, number in known
        if (slug, number) not in listed
    ]
