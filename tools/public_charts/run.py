"""The whole run, in a database of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.core.management import call_command

from portal.accounts.models import PlatformRole, User
from services_catalog.models import ChartSource, SourceVersion
from services_catalog.sources import services
from services_catalog.sources.syncing import sync
from tools import console
from tools.public_charts.page import page
from tools.public_charts.repository import served
from tools.public_charts.trials import Trial, tried

MOST_SYNCS = 50


def run(charts: Sequence[Path], work: Path) -> tuple[list[Trial], str]:
    """Every chart's trial, and the page that tells of them."""
    call_command("migrate", verbosity=0)
    pete = User.objects.create(username="pete")
    PlatformRole.objects.create(user=pete, role="platform_engineer")
    actor = User.objects.get(pk=pete.pk)
    with served(charts, work) as url:
        source = services.create(
            actor=actor,
            slug="public",
            name="Public charts",
            kind="helm",
            url=url,
            newest=100,
            prereleases=True,
        )
        _read(source)
    rows = SourceVersion.objects.select_related("archive", "source", "offering_version").order_by(
        "chart", "pk"
    )
    trials = []
    for row in rows:
        archive = _archive(charts, row)
        trial = tried(row, work, archive, actor)
        console.say(f"  {'✓' if trial.done else '✗'} {row.chart} {row.version}")
        trials.append(trial)
    return trials, page(trials)


def _read(source: ChartSource) -> None:
    """A sync does what fits into its time; the next one goes on."""
    for _ in range(MOST_SYNCS):
        outcome = sync(source)
        facts = outcome.detail()
        console.say(f"  synchronised: {facts}")
        if not facts["unfinished"] or facts["code"]:
            return


def _archive(charts: Sequence[Path], row: SourceVersion) -> Path:
    named = f"{row.chart}-{row.version}.tgz"
    return next(each for each in charts if each.name == named)
