"""What tables of roles ask for: a source, a version that it has, a draft, a refused version."""

from __future__ import annotations

from functools import cache
from typing import Any

from portal.accounts.models import User
from portal.core import clock
from services_catalog.archives import PackedChart
from services_catalog.imports import examine, examined_digest, publishing
from services_catalog.models import ChartArchive, ChartSource, OfferingVersion, SourceVersion
from tests.services_catalog.imports.charts import chart, declaration


@cache
def examined() -> tuple[PackedChart, dict[str, Any]]:
    """One look for all tests of a process."""
    packed = chart()
    return packed, examine(packed)


def a_source() -> ChartSource:
    found, _ = ChartSource.objects.get_or_create(
        slug="public",
        defaults={"name": "Public charts", "kind": "helm", "url": "https://charts.example.com"},
    )
    return found


def a_version() -> SourceVersion:
    packed, report = examined()
    archive, _ = ChartArchive.objects.store(packed)
    found, _ = SourceVersion.objects.get_or_create(
        source=a_source(),
        chart=packed.name,
        version=packed.version,
        defaults={
            "archive": archive,
            "state": "imported",
            "report": report,
            "examined": examined_digest(packed),
            "seen_at": clock.now(),
        },
    )
    return found


def a_draft() -> OfferingVersion:
    if there := a_version().offering_version:  # made by an earlier row, and perhaps on offer since
        OfferingVersion.objects.filter(pk=there.pk).update(status="draft")
        return there
    return publishing.publish(a_version(), declaration(), actor=User.objects.get(username="pete"))


def on_offer() -> OfferingVersion:
    version = a_draft()
    OfferingVersion.objects.filter(pk=version.pk).update(status="active")
    return version


def another_source(number: int) -> ChartSource:
    return ChartSource.objects.create(
        slug=f"source-{number}", name=f"Source {number}", kind="helm", url="https://charts.example.com"
    )


def refused(version: str = "1.0.0") -> SourceVersion:
    return SourceVersion.objects.create(
        source=a_source(),
        chart="liar",
        version=version,
        state="refused",
        refusal_code="digest",
        refusal="Its digest is another one than the index says.",
        seen_at=clock.now(),
    )
