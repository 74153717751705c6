"""Every schema in a chart, those of its subcharts too: Helm reads them all, and goes where they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portal.core.errors import SlipwayError
from services_catalog import library
from services_catalog.imports import references
from services_catalog.reproducibility.templates import MAX_DEPTH
from services_catalog.unpacking import read_archive

FILE = "values.schema.json"
# the hosts of the drafts that Helm brings along; any other draft it would fetch
KNOWN_DRAFTS = ("json-schema.org/",)


def schema_files(files: Mapping[str, bytes], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Path and content. What is no archive, or nested deeper than Helm's users ever do, is passed over."""
    for path, content in sorted(files.items()):
        parts = path.split("/")
        if parts[-1] == FILE and (len(parts) == 1 or parts[-3:-2] == ["charts"]):
            yield f"{prefix}{path}", content
        elif parts[-2:-1] == ["charts"] and path.endswith((".tgz", ".tar.gz")) and depth < MAX_DEPTH:
            try:
                inner = read_archive(content)
            except SlipwayError:
                continue
            yield from schema_files(inner, f"{prefix}{path}/", depth + 1)


def elsewhere(files: Mapping[str, bytes]) -> list[str]:
    """References out of any of them, each with its file; Helm would fetch what they name."""
    found = []
    for path, content in schema_files(files):
        try:
            schema = library.read_schema(content)
        except SlipwayError:
            continue  # Helm refuses it before it follows anything
        found += [f"{path} refers to {text[:200]}" for text in _away(schema)]
    return found


def _away(schema: Mapping[str, Any]) -> Iterator[str]:
    yield from references.remote(schema)
    for node in references.nodes(schema):
        draft = node.get("$schema")
        if isinstance(draft, str) and not draft.split("://")[-1].startswith(KNOWN_DRAFTS):
            yield draft
