"""Charts for trying imports, and the rows that a sync would have made of them."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from django.conf import settings

from portal.core import clock
from services_catalog.archives import PackedChart, pack, pack_files
from services_catalog.imports import examine, examined_digest
from services_catalog.models import ChartArchive, ChartSource, SourceVersion
from services_catalog.unpacking import read_archive

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
data:
  greeting: {{ .Values.greeting | quote }}
"""


def chart(version: str = "1.0.0", *, name: str = "greeter", metadata=None, **files: str) -> PackedChart:
    """A tiny chart; `files` are its files by path, with `__` for "/" and `_` for "." in the last part."""
    facts = {"apiVersion": "v2", "name": name, "version": version, "description": "It greets.", "icon": "x"}
    found = {
        "Chart.yaml": yaml.safe_dump({**facts, **(metadata or {})}),
        "values.yaml": "greeting: hello\n",
        "templates/greeting.yaml": CONFIG_MAP,
        **files,
    }
    return pack_files({path: text.encode() for path, text in found.items()}, label=name)


def redis(version: str = "1.0.0", change=None) -> PackedChart:
    """The library's chart, which passes every policy, as if somebody else had packed it."""
    packed = pack(settings.SLIPWAY_LIBRARY_DIR.parent / "charts" / "redis" / "1.0.0")
    files = dict(read_archive(packed.content))
    facts = {**yaml.safe_load(files["Chart.yaml"]), "name": "cache", "version": version}
    files["Chart.yaml"] = yaml.safe_dump(facts).encode()
    if change is not None:
        change(files)
    return pack_files(files, label="cache")


def seen(packed: PackedChart, source: str = "public", **fields: Any) -> SourceVersion:
    """What a sync leaves behind of an imported version."""
    row, _ = ChartSource.objects.get_or_create(
        slug=source, defaults={"name": source.title(), "kind": "helm", "url": "https://charts.example.com"}
    )
    archive, _ = ChartArchive.objects.store(packed)
    return SourceVersion.objects.create(
        source=row,
        chart=packed.name,
        version=packed.version,
        archive=archive,
        report=examine(packed),
        examined=examined_digest(packed),
        seen_at=clock.now(),
        **{"state": "imported", **fields},
    )


DECLARATION: dict[str, Any] = {
    "offering": "greeter",
    "name": "Greeter",
    "summary": "It greets.",
    "description": "It greets whoever comes.",
    "when_not_to_use": "Where nobody comes.",
    "category": "Social",
    "owner": "platform",
    "versions": [
        {
            "plans": [
                {
                    "slug": "standard",
                    "name": "Standard",
                    "description": "Friendly.",
                    "price_cents_per_month": 100,
                    "default": True,
                }
            ]
        }
    ],
}


def declaration(version: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    """DECLARATION with other facts, and other parts of its version."""
    found = copy.deepcopy({**DECLARATION, **facts})
    found["versions"][0].update(copy.deepcopy(version or {}))
    return found
