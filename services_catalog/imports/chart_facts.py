"""What Chart.yaml says, and whether the charts that it depends on came along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portal.clusters.goyaml import NotReadable, load_all
from portal.core.errors import InvalidInput
from services_catalog.archives import PackedChart
from services_catalog.unpacking import read_archive

TEXTS = ("description", "home", "icon", "appVersion", "kubeVersion", "type")
MAX_TEXT = 500
MOST = 100


def facts(chart: PackedChart) -> dict[str, Any]:
    """The plain facts; whatever is not of the type that it should be is left out."""
    metadata = read_mapping(chart.files["Chart.yaml"])
    texts = {name: metadata.get(name) for name in TEXTS}
    return {
        "name": chart.name,
        "version": chart.version,
        **{
            name: str(value)[:MAX_TEXT] if isinstance(value, str | int | float) else ""
            for name, value in texts.items()
        },
        "deprecated": metadata.get("deprecated") is True,
        "keywords": [each[:60] for each in _texts(metadata.get("keywords"))],
        "dependencies": list(_dependencies(chart, metadata)),
        "files": len(chart.files),
        "bytes": sum(len(content) for content in chart.files.values()),
    }


def read_mapping(content: bytes) -> dict[str, Any]:
    """YAML as Helm reads it. Raises InvalidInput."""
    try:
        documents = [each for each in load_all(content.decode()) if each is not None]
    except (NotReadable, UnicodeDecodeError) as exc:
        raise InvalidInput(f"It is not YAML that Helm reads: {exc}.") from exc
    found = documents[0] if documents else {}
    if not isinstance(found, dict):
        raise InvalidInput("It must be a mapping of names to values.")
    return found


def _texts(value: Any) -> Iterator[str]:
    for each in value[:MOST] if isinstance(value, list) else ():
        if isinstance(each, str):
            yield each


def _dependencies(chart: PackedChart, metadata: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each with where it should come from and whether it is in the archive; helm fetches none here."""
    declared = metadata.get("dependencies")
    if declared is None and "requirements.yaml" in chart.files:  # charts of the first API version
        declared = read_mapping(chart.files["requirements.yaml"]).get("dependencies")
    there = vendored(chart)
    for each in declared[:MOST] if isinstance(declared, list) else ():
        if isinstance(each, Mapping) and isinstance(each.get("name"), str):
            yield {
                "name": each["name"][:100],
                "version": str(each.get("version") or "")[:100],
                "repository": str(each.get("repository") or "")[:300],
                "condition": str(each.get("condition") or "")[:200],
                "vendored": each["name"] in there,
            }


def vendored(chart: PackedChart) -> set[str]:
    """The names of the charts below `charts/`, be they folders or archives."""
    found = set()
    for path, content in chart.files.items():
        parts = path.split("/")
        if parts[0] != "charts":
            continue
        try:
            if len(parts) == 3 and parts[2] == "Chart.yaml":
                found.add(str(read_mapping(content).get("name")))
            elif len(parts) == 2 and parts[1].endswith((".tgz", ".tar.gz")):
                found.add(str(read_mapping(read_archive(content)["Chart.yaml"]).get("name")))
        except (InvalidInput, KeyError):
            continue
    return found
