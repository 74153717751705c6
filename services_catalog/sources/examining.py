"""Imported versions are examined once for all that a report depends on: the chart, policies, the rules."""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog

from portal.core.errors import SlipwayError
from services_catalog import imports
from services_catalog.archives import PackedChart
from services_catalog.imports import policies
from services_catalog.models import ChartArchive, SourceVersion
from services_catalog.sources.leases import Lease
from services_catalog.unpacking import read_archive

log = structlog.get_logger(__name__)


def due(rows: Iterable[SourceVersion]) -> list[SourceVersion]:
    """Those whose report is missing or was made under other policies; none where policies are unusable."""
    try:
        rules = policies.of_the_folder()
        return [row for row in rows if row.archive_id and row.examined != _wanted(row, rules)]
    except SlipwayError as exc:
        log.warning("examination_waits", code=exc.code, message=exc.message)
        return []


def examine(rows: Iterable[SourceVersion], lease: Lease, *, most: int, end: float) -> int:
    """Examine `most`, one after the other, until `end` (of time.monotonic); how many are left."""
    left = list(rows)
    enough = len(left) - most
    while len(left) > max(enough, 0) and time.monotonic() < end:
        row = left[0]
        archive = ChartArchive.objects.get(pk=row.archive_id)
        chart = PackedChart(
            archive.name,
            archive.version,
            archive.digest,
            bytes(archive.content),
            read_archive(bytes(archive.content)),
        )
        try:
            rules = policies.of_the_folder()
            report = imports.examine(chart, policies=rules)
            examined = imports.examined_digest(chart, policies=rules)
        except SlipwayError as exc:  # no chart is to blame: helm or the policies are not there
            log.warning("examination_waits", code=exc.code, message=exc.message)
            return len(left)
        lease.renew()
        SourceVersion.objects.filter(pk=row.pk, archive=archive).update(report=report, examined=examined)
        _follow(row)
        left.pop(0)
    return len(left)


def _follow(row: SourceVersion) -> None:
    """Where the version before it is published, it becomes a draft by itself."""
    try:
        imports.follow(SourceVersion.objects.select_related("archive", "source").get(pk=row.pk))
    except SlipwayError as exc:
        log.warning("no_draft", version=row.pk, code=exc.code, message=exc.message)


def _wanted(row: SourceVersion, rules: policies.Policies) -> str:
    """Only the digest of a chart's files counts, so they are not loaded."""
    outline = PackedChart(row.chart, row.version, str(row.archive_id), b"", {})
    return imports.examined_digest(outline, policies=rules)
