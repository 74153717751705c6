"""Importing 500 versions, and reading them again with nothing changed, against `helm pull` and unpacking.

Examinations, which run helm several times for each chart, are measured apart: they go on in the background.
"""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.settings import channels
from services_catalog.archives import pack_files
from services_catalog.models import ChartSource, SourceVersion, SyncOutcome
from services_catalog.sources import services, syncing
from services_catalog.sources.limits import Limits
from services_catalog.unpacking import read_archive
from tests import tools
from tests.benchmarks.reporting import report
from tests.fixtures.helm_repository import Repository, chart_files, served

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
CHARTS, VERSIONS, PULLED, EXAMINED = 25, 20, 20, 5
IMPORTING = Limits(seconds=3600, examinations=0)
README = "# What it is for\n\n" + "Some chart that somebody wrote a page about.\n" * 200


@pytest.fixture
def five_hundred(tmp_path: Path, settings: Any) -> Any:
    settings.SLIPWAY_OUTBOUND_ALLOWED = channels.outbound(("127.0.0.1",))
    with served(tmp_path / "repository") as repository:
        fill(repository, CHARTS)
        yield repository


def fill(repository: Repository, charts: int) -> None:
    """Charts of some ten files, half of them with a page of text; the index is helm's own."""
    for chart in range(charts):
        for version in range(VERSIONS):
            name, number = f"chart-{chart}", f"1.{version}.0"
            files = chart_files(name, number, **{"README.md": README})
            for extra in range(5):
                noise = hashlib.sha256(f"{name} {number} {extra}".encode()).hexdigest() * 20
                files[f"templates/extra-{extra}.yaml"] = f"# {noise}\n"
            packed = pack_files({path: text.encode() for path, text in files.items()}, label=name)
            (repository.folder / f"{name}-{number}.tgz").write_bytes(packed.content)
    repository.reindex()


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def queries(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as made:
        call()
    return len(made)


def source_of(repository: Repository, **fields: Any) -> ChartSource:
    return services.create(
        actor=None,
        **{
            "slug": "bench",
            "name": "Bench",
            "kind": "helm",
            "url": repository.url,
            "newest": VERSIONS,
            **fields,
        },
    )


def pull(repository: Repository, folder: Path) -> None:
    """What helm itself takes for some of the same archives."""
    for version in range(PULLED):
        subprocess.run(
            [
                str(tools.helm()),
                "pull",
                f"{repository.url}/chart-0-1.{version}.0.tgz",
                "--destination",
                str(folder),
            ],
            env={"HOME": str(folder), "HELM_NO_PLUGINS": "1"},
            check=True,
            capture_output=True,
        )


def unpack(repository: Repository) -> None:
    for file in repository.folder.glob("*.tgz"):
        pack_files(read_archive(file.read_bytes()), label=file.name)


def test_importing_500_versions_and_reading_them_again(five_hundred: Repository, tmp_path: Path) -> None:
    source = source_of(five_hundred)
    pulled = tmp_path / "pulled"
    pulled.mkdir()
    by_helm = seconds(lambda: pull(five_hundred, pulled)) / PULLED * CHARTS * VERSIONS
    unpacked = seconds(lambda: unpack(five_hundred))

    first = seconds(lambda: syncing.sync(source, limits=IMPORTING))
    assert SourceVersion.objects.filter(state="imported").count() == CHARTS * VERSIONS

    # the index is the same: one request, answered with 304
    unchanged = seconds(lambda: syncing.sync(source, limits=IMPORTING))
    # the index is another one that lists the same: read and compared as a whole
    five_hundred.reindex()
    compared = seconds(lambda: syncing.sync(source, limits=IMPORTING))
    again = syncing.sync(source, limits=IMPORTING)
    assert (again.outcome, again.new, again.unchanged) == (SyncOutcome.OK, 0, CHARTS * VERSIONS)

    report(
        f"Source of {CHARTS * VERSIONS} versions",
        import_s=first,
        helm_pull_s=by_helm,
        unpacking_s=unpacked,
        ratio_to_helm=first / by_helm,
        unchanged_s=unchanged,
        compared_s=compared,
        unchanged_ratio=unchanged / first,
    )
    assert first <= 2 * by_helm
    assert compared <= first / 4


def test_reading_again_costs_the_same_queries_however_much_there_is(
    five_hundred: Repository, tmp_path: Path
) -> None:
    few = source_of(five_hundred, slug="few", charts=["chart-1"])
    many = source_of(five_hundred, slug="many")
    counts = {}
    for source in (few, many):
        syncing.sync(source, limits=IMPORTING)
        unchanged = queries(lambda source=source: syncing.sync(source, limits=IMPORTING))  # type: ignore[misc]
        five_hundred.reindex()
        compared = queries(lambda source=source: syncing.sync(source, limits=IMPORTING))  # type: ignore[misc]
        counts[source.slug] = (unchanged, compared)
    report("Queries of a sync with nothing new", unchanged=counts["many"][0], compared=counts["many"][1])
    assert counts["few"] == counts["many"]


def test_an_examination_takes_as_long_as_its_renderings(five_hundred: Repository) -> None:
    source = source_of(five_hundred, charts=["chart-0"], newest=EXAMINED)
    syncing.sync(source, limits=IMPORTING)
    taken = seconds(lambda: syncing.sync(source, limits=Limits(seconds=3600, examinations=EXAMINED)))
    chart = five_hundred.folder / "chart-0-1.0.0.tgz"
    template = [str(tools.helm()), "template", "example", str(chart)]
    environment = {"HOME": str(five_hundred.work), "HELM_NO_PLUGINS": "1"}
    once = seconds(lambda: subprocess.run(template, env=environment, check=True, capture_output=True))
    report(
        "Examination of a small chart",
        each_s=taken / EXAMINED,
        helm_template_s=once,
        ratio=taken / EXAMINED / once,
    )
    assert SourceVersion.objects.exclude(examined="").count() == EXAMINED
