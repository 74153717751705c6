"""What a platform engineer declares about an imported chart: one file of the library, with one version.

The chart's folder, version and status are the portal's to say, so they may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.core.errors import ValidationFailed
from portal.core.pointers import pointer
from services_catalog import library, marks, values
from services_catalog.archives import PackedChart
from services_catalog.imports import chart_facts
from services_catalog.imports.examples import for_trials
from services_catalog.imports.values_schema import ValuesSchema, values_schema
from services_catalog.library import LibraryOffering, LibraryVersion
from services_catalog.library_format import LIBRARY_SCHEMA, VERSION
from services_catalog.messages import Problem, problem
from services_catalog.models import ChartArchive, Offering, OfferingVersion, VersionStatus
from services_catalog.unpacking import read_archive

# said elsewhere: where the chart is read from, and by moves of their own
OURS = ("version", "chart", "status", "deprecation")
NOT_DECLARED = ("lifecycle", "deprecation")
DECLARATION_SCHEMA: dict[str, Any] = {
    **LIBRARY_SCHEMA,
    "properties": {
        **{name: each for name, each in LIBRARY_SCHEMA["properties"].items() if name not in NOT_DECLARED},
        "versions": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                **VERSION,
                "required": ["plans"],
                "properties": {
                    **{name: each for name, each in VERSION["properties"].items() if name not in OURS},
                    "version": {"type": "string"},
                    "chart": {"type": "string"},
                    "status": {"const": "draft"},
                },
            },
        },
    },
}
# the parts of a version that the next one inherits
INHERITED = (
    "ready_timeout_seconds",
    "short_form",
    "locked_values",
    "overlays",
    "verification",
    "values_of",
    "marks",
    "example",
)
FACTS = (
    "name",
    "summary",
    "description",
    "when_not_to_use",
    "category",
    "tags",
    "icon",
    "owner",
    "cluster_scoped",
    "role",
    "provides",
    "environments",
    "teams",
)


def chart_of(archive: ChartArchive) -> PackedChart:
    """The stored chart with its files. Raises ChartUnusable."""
    content = bytes(archive.content)
    return PackedChart(archive.name, archive.version, archive.digest, content, read_archive(content))


def number_of(chart: PackedChart) -> str:
    """The version as the catalog counts it: without the `v` that some put in front."""
    return chart.version.removeprefix("v")


def read(document: Mapping[str, Any], chart: PackedChart) -> LibraryOffering:
    """The declaration joined with its chart; what is wrong with it raises ValidationFailed, all at once."""
    declared, errors = parsed(document, chart)
    if declared is None or errors:
        raise ValidationFailed(errors)
    return declared


def parsed(document: Mapping[str, Any], chart: PackedChart) -> tuple[LibraryOffering | None, list[Problem]]:
    """The declaration, where it has its shape, and everything that is wrong with it."""
    errors = shape_problems(document, chart)
    if errors:
        return None, errors
    defaults = chart_facts.read_mapping(chart.files.get("values.yaml", b""))
    schema = values_schema(chart, defaults)
    if not schema.usable:
        return None, [problem(("versions", "0"), schema.reason, schema.code)]
    version, errors = _version(document["versions"][0], chart, schema, defaults)
    fields = {name: document[name] for name in document if name not in ("offering", "versions")}
    return LibraryOffering(document["offering"], fields, [version]), errors


def problems(document: Mapping[str, Any], chart: PackedChart) -> list[Problem]:
    """What `read` would refuse, as a list."""
    return parsed(document, chart)[1]


def shape_problems(document: Mapping[str, Any], chart: PackedChart) -> list[Problem]:
    errors = values.check(DECLARATION_SCHEMA, document)
    if errors:
        return errors
    said = document["versions"][0].get("version", number_of(chart))
    if said != number_of(chart):
        return [
            problem(("versions", "0", "version"), f"This chart is version {number_of(chart)}.", "version")
        ]
    return []


def of_version(version: OfferingVersion) -> dict[str, Any]:
    """The declaration that a published version stands for, in the library's format."""
    entry = {name: getattr(version, name) for name in INHERITED}
    plans = [
        {
            "slug": plan.slug,
            "name": plan.name,
            "description": plan.description,
            "price_cents_per_month": plan.price_cents_per_month,
            **({"default": True} if plan.is_default else {}),
            **({"values": plan.values} if plan.values else {}),
        }
        for plan in version.plans.all()
    ]
    said = {name: value for name, value in entry.items() if value not in ({}, [], "")}
    return {**facts_of(version.offering), "versions": [{**said, "notes": version.notes, "plans": plans}]}


def facts_of(offering: Offering) -> dict[str, Any]:
    """What is declared of an offering; what is empty is left out."""
    found = {name: getattr(offering, name) for name in FACTS if name in _FACTS_KNOWN}
    said = {name: value for name, value in found.items() if value not in ("", [], {}, False)}
    return {"offering": offering.slug, **said}


_FACTS_KNOWN = frozenset(LIBRARY_SCHEMA["properties"])


def _version(
    entry: Mapping[str, Any], chart: PackedChart, schema: ValuesSchema, defaults: dict[str, Any]
) -> tuple[LibraryVersion, list[Problem]]:
    complete = {**entry, "version": number_of(chart), "chart": chart.name, "status": VersionStatus.DRAFT}
    unknown = list(marks.problems(schema.schema, entry.get("marks", {})))
    if unknown:  # the rest is told once these have a place
        complete["marks"] = {}
    tried = for_trials(chart, entry.get("example"))
    version = library.version_of(complete, tried, schema.schema, defaults, Path())
    found = [*unknown, *library.version_problems(version)]
    return version, [{**each, "path": pointer(("versions", "0")) + each["path"]} for each in found]
