"""What a platform engineer starts from: the chart's own words, or what its last version was declared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from portal.core.pointers import ABSENT, get, parse
from services_catalog import schemas
from services_catalog.archives import PackedChart
from services_catalog.imports import chart_facts, declarations
from services_catalog.imports.values_schema import values_schema
from services_catalog.models import OfferingVersion, SourceVersion, VersionStatus

CATEGORY = "category"
OTHER_CATEGORY = "Imported"
OWNER = "platform"
NOT_TO_USE = "Where the library has a golden path for the same: that carries the organisation's habits."
# what people ask of nearly every chart, where it has it
OFTEN_ASKED = (
    "/replicaCount",
    "/replicas",
    "/image/tag",
    "/auth/username",
    "/auth/database",
    "/persistence/enabled",
    "/persistence/size",
    "/ingress/enabled",
    "/ingress/hostname",
    "/metrics/enabled",
)
MAX_SUMMARY, MAX_DESCRIPTION, MAX_NAME, MAX_SLUG = 200, 20_000, 80, 60


def proposal(source_version: SourceVersion, chart: PackedChart) -> dict[str, Any]:
    """What the publish page opens with: that of the draft, else of the last version, else the chart's."""
    if source_version.offering_version is not None:
        return declarations.of_version(source_version.offering_version)
    before = published_before(source_version)
    return declared_again(before) if before is not None else from_chart(chart)


def published_before(source_version: SourceVersion) -> OfferingVersion | None:
    """The newest version that was made of the same chart of the same source."""
    rows = (
        OfferingVersion.objects.filter(
            source_version__source=source_version.source_id, source_version__chart=source_version.chart
        )
        .exclude(status=VersionStatus.DRAFT)
        .select_related("offering")
        .prefetch_related("plans")
    )
    return max(rows, key=lambda version: version.precedence, default=None)


def declared_again(version: OfferingVersion) -> dict[str, Any]:
    """A version's declaration for the one after it: its notes are its own."""
    document = declarations.of_version(version)
    entry = {name: value for name, value in document["versions"][0].items() if name != "notes"}
    return {**document, "versions": [entry]}


def from_chart(chart: PackedChart) -> dict[str, Any]:
    """A complete declaration that validates, with one plan; a person makes it good."""
    facts = chart_facts.facts(chart)
    name = title(chart.name)
    summary = one_sentence(facts["description"]) or f"{name}, as its makers pack it."
    return {
        "offering": slug(chart.name),
        "name": name[:MAX_NAME],
        "summary": summary,
        "description": description(chart, summary),
        "when_not_to_use": NOT_TO_USE,
        "category": category(chart),
        "tags": tags(facts["keywords"]),
        "owner": OWNER,
        "versions": [
            {
                "plans": [
                    {
                        "slug": "standard",
                        "name": "Standard",
                        "description": "As the chart is by default.",
                        "price_cents_per_month": 0,
                        "default": True,
                    }
                ],
                "short_form": often_asked(chart),
            }
        ],
    }


def often_asked(chart: PackedChart) -> list[str]:
    defaults = chart_facts.read_mapping(chart.files.get("values.yaml", b""))
    schema = values_schema(chart, defaults).schema
    return [
        text
        for text in OFTEN_ASKED
        if schemas.at(schema, parse(text)) is not None and get(defaults, parse(text)) is not ABSENT
    ]


def slug(text: str) -> str:
    """A name that the library accepts, as near to `text` as may be."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return (plain if plain[:1].isalpha() else f"chart-{plain}".strip("-"))[:MAX_SLUG].rstrip("-")


def title(name: str) -> str:
    words = " ".join(re.split(r"[-_.]+", name))
    return words[:1].upper() + words[1:]


def one_sentence(text: str) -> str:
    """The first sentence, as far as it fits."""
    plain = " ".join(text.split())
    first = re.split(r"(?<=[.!?]) ", plain)[0]
    return first if len(first) <= MAX_SUMMARY else f"{first[: MAX_SUMMARY - 1].rstrip()}…"


def tags(keywords: Sequence[str]) -> list[str]:
    found = (slug(word) for word in keywords)
    return [each for each in dict.fromkeys(found) if each][:10]


def category(chart: PackedChart) -> str:
    """What the chart's annotations call it; Artifact Hub and others agree on the word."""
    annotations = chart_facts.read_mapping(chart.files["Chart.yaml"]).get("annotations")
    if isinstance(annotations, Mapping):
        for key in (CATEGORY, "artifacthub.io/category"):
            if isinstance(annotations.get(key), str) and annotations[key].strip():
                return title(annotations[key].strip())[:40]
    return OTHER_CATEGORY


def description(chart: PackedChart, otherwise: str) -> str:
    """The README up to its first chapter, without badges: how it is installed is the portal's part here."""
    text = chart.files.get("README.md", b"").decode(errors="replace").replace("\0", "")
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith("## ") and found:
            break
        if not line.startswith(("# ", "![", "[![", "<")):
            found.append(line)
    return "\n".join(found).strip()[:MAX_DESCRIPTION] or otherwise
