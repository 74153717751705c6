"""The library's files: one YAML document an offering, read strictly, with every error named.

The format is LIBRARY_SCHEMA; docs/catalog.md explains it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.core.documents import check_json, load_mapping
from portal.core.errors import SlipwayError, ValidationFailed
from portal.core.pointers import parse, pointer
from services_catalog import (
    archives,
    coalescing,
    deprecation_format,
    marks,
    overlays,
    schemas,
    semver,
    values,
    verification,
)
from services_catalog.archives import PackedChart
from services_catalog.library_format import LIBRARY_SCHEMA
from services_catalog.messages import Problem, problem
from services_catalog.unpacking import read_archive


@dataclass(frozen=True)
class LibraryVersion:
    """One version as its file states it, with its chart read and packed."""

    number: str
    status: str
    chart: PackedChart
    folder: Path
    values_schema: dict[str, Any]
    default_values: dict[str, Any]
    short_form: list[str]
    locked_values: dict[str, Any]
    values_of: list[dict[str, Any]]
    overlays: list[str]
    verification: dict[str, Any]
    ready_timeout_seconds: int
    notes: str
    marks: dict[str, Any]
    example: dict[str, Any]
    plans: list[dict[str, Any]]
    deprecation: dict[str, Any] | None = None


@dataclass(frozen=True)
class LibraryOffering:
    """One file. `fields` are those of the Offering model."""

    slug: str
    fields: dict[str, Any]
    versions: list[LibraryVersion] = field(default_factory=list)
    deprecation: dict[str, Any] | None = None


def read(folder: Path) -> list[LibraryOffering]:
    """Every offering of the library in `folder`; charts stand in the folder `charts` beside it.

    Raises ValidationFailed with the errors of all files at once; each path starts with the file's name.
    """
    offerings, errors = [], []
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ValidationFailed.at("", f"There is no library in {folder}: it holds no .yaml file.", "empty")
    for file in files:
        try:
            offerings.append(read_file(file, folder.parent / "charts"))
        except ValidationFailed as exc:
            errors += [{**error, "path": f"{file.name}#{error['path']}"} for error in exc.errors]
        except SlipwayError as exc:
            errors.append({"path": f"{file.name}#", "message": exc.message, "code": exc.code})
    if errors:
        raise ValidationFailed(errors, "The library has errors; nothing was changed.")
    return offerings


def read_file(file: Path, charts: Path) -> LibraryOffering:
    """One offering. Raises ValidationFailed, or InvalidInput when it is not YAML."""
    document = load_mapping(file.read_bytes())
    errors = values.check(LIBRARY_SCHEMA, document)
    if errors:
        raise ValidationFailed(errors)
    if document["offering"] != file.stem:
        errors.append(problem(("offering",), f"Must be {file.stem}, the file's name.", "name"))
    versions = []
    for index, entry in enumerate(document["versions"]):
        version, found = _version(entry, charts)
        errors += [{**each, "path": pointer(("versions", index)) + each["path"]} for each in found]
        if version:
            versions.append(version)
    errors += deprecation_format.problems(document)
    numbers = [entry["version"] for entry in document["versions"]]
    errors += [
        problem(("versions", str(index), "version"), f"{number} is listed twice.", "twice")
        for index, number in enumerate(numbers)
        if number in numbers[:index]
    ]
    if errors:
        raise ValidationFailed(errors)
    return LibraryOffering(
        document["offering"],
        {key: document[key] for key in document if key not in {"offering", "versions", "deprecation"}},
        versions,
        document.get("deprecation"),
    )


def _version(entry: Mapping[str, Any], charts: Path) -> tuple[LibraryVersion | None, list[Problem]]:
    try:
        chart, schema, defaults = read_chart(charts / entry["chart"])
    except (SlipwayError, ValueError, OSError) as exc:
        return None, [problem(("chart",), getattr(exc, "message", str(exc)), "chart")]
    version = version_of(entry, chart, schema, defaults, charts / entry["chart"])
    return version, [*marks.problems(schema, version.marks), *version_problems(version)]


def version_of(
    entry: Mapping[str, Any],
    chart: PackedChart,
    schema: Mapping[str, Any],
    defaults: dict[str, Any],
    folder: Path,
) -> LibraryVersion:
    """An entry of `versions` as the format has it, joined with its chart."""
    return LibraryVersion(
        number=entry["version"],
        status=entry["status"],
        chart=chart,
        folder=folder,
        values_schema=schemas.with_order(marks.marked(schema, entry.get("marks", {}))),
        default_values=defaults,
        short_form=list(entry.get("short_form", [])),
        locked_values=dict(entry.get("locked_values", {})),
        values_of=[dict(each) for each in entry.get("values_of", [])],
        overlays=list(entry.get("overlays", [])),
        verification=dict(entry.get("verification", {})),
        ready_timeout_seconds=entry.get("ready_timeout_seconds", 300),
        notes=entry.get("notes", ""),
        marks=dict(entry.get("marks", {})),
        example=dict(entry.get("example", {})),
        plans=[dict(plan) for plan in entry["plans"]],
        deprecation=entry.get("deprecation"),
    )


def read_chart(folder: Path) -> tuple[PackedChart, dict[str, Any], dict[str, Any]]:
    """A chart with its schema and default values. Raises ChartUnusable, InvalidInput or ValueError."""
    chart = archives.pack(folder)
    read_archive(chart.content)  # what could not be unpacked again is refused now
    if "values.schema.json" not in chart.files:
        raise archives.ChartUnusable(
            f"{chart.name} has no values.schema.json. Without one nothing can be checked; write it."
        )
    schema = read_schema(chart.files["values.schema.json"])
    schemas.validator(schema)
    return chart, schema, load_mapping(chart.files.get("values.yaml", b""))


def read_schema(content: bytes) -> dict[str, Any]:
    """A values.schema.json. Raises ChartUnusable or TooLarge."""
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise archives.ChartUnusable(f"values.schema.json is not JSON: {exc}.") from exc
    check_json(schema)
    if not isinstance(schema, dict):
        raise archives.ChartUnusable("values.schema.json must hold a JSON object.")
    return schema


def version_problems(version: LibraryVersion) -> Iterator[Problem]:
    """What the format's schema cannot say of a version."""
    chart, schema = version.chart, version.values_schema
    if not semver.is_semver(version.number):
        yield problem(("version",), f"{version.number} is not a semantic version such as 1.4.2.", "semver")
    elif chart.version.removeprefix("v") != version.number:
        yield problem(
            ("version",), f"The chart says version {chart.version}; both must be the same.", "version"
        )
    if chart.metadata.get("type", "application") != "application":
        yield problem(("chart",), "Only charts of type application can be offered.", "chart")
    for index, text in enumerate(version.short_form):
        if schemas.at(schema, parse(text)) is None:
            yield problem(("short_form", str(index)), f"The chart's schema knows no {text}.", "unknown")
    for index, each in enumerate(version.values_of):
        if schemas.at(schema, parse(each["values"])) is None:
            said = f"The chart's schema knows no {each['values']}."
            yield problem(("values_of", str(index), "values"), said, "unknown")
    yield from overlays.problems(schema, version.locked_values, version.overlays)
    yield from verification.problems(version.verification, schema)
    yield from _schema_keyword_errors(schema)
    yield from _partial_errors(schema, version.default_values, version.locked_values, ("locked_values",))
    yield from _plan_errors(version)


def _plan_errors(version: LibraryVersion) -> Iterator[Problem]:
    slugs = [plan["slug"] for plan in version.plans]
    if sum(bool(plan.get("default")) for plan in version.plans) != 1:
        yield problem(("plans",), "Exactly one plan must say default: true.", "default")
    for index, plan in enumerate(version.plans):
        place = ("plans", str(index))
        if plan["slug"] in slugs[:index]:
            yield problem((*place, "slug"), f"There are two plans called {plan['slug']}.", "twice")
        yield from _partial_errors(
            version.values_schema, version.default_values, plan.get("values", {}), (*place, "values")
        )


def _partial_errors(
    schema: schemas.Schema, defaults: Mapping[str, Any], part: Mapping[str, Any], place: tuple[str, ...]
) -> Iterator[Problem]:
    """Errors that `part` itself brings; what is merely still missing is the requester's to give."""
    before = {(each["path"], each["message"]) for each in values.check(schema, defaults)}
    for each in values.check(schema, coalescing.merge(defaults, part)):
        if (each["path"], each["message"]) not in before:
            yield {**each, "path": pointer(place) + each["path"]}


def _schema_keyword_errors(schema: schemas.Schema) -> Iterator[Problem]:
    for place in schemas.places(schema):
        context = place.schema.get(schemas.CONTEXT)
        if context is not None and context not in schemas.CONTEXT_NAMES:
            known = ", ".join(sorted(schemas.CONTEXT_NAMES))
            message = f"The schema asks for {context} at {pointer(place.path)}; the portal knows {known}."
            yield problem(("chart",), message, "context")
        rule = place.schema.get(schemas.GENERATE)
        if rule is not None and not _is_generate_rule(rule):
            message = (
                f"{schemas.GENERATE} at {pointer(place.path)} must give a length of 8 to 256 and an alphabet."
            )
            yield problem(("chart",), message, "generate")


def _is_generate_rule(rule: Any) -> bool:
    if not isinstance(rule, Mapping) or set(rule) - {"length", "alphabet"}:
        return False
    length, alphabet = rule.get("length", 32), rule.get("alphabet", "alphanumeric")
    return type(length) is int and 8 <= length <= 256 and alphabet in values.ALPHABETS
