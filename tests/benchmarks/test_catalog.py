"""Searching the catalog with 5,000 offerings, against one of 300, in which each search finds something."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from services_catalog.models import Offering, OfferingVersion, Plan
from tests.benchmarks.reporting import report
from tests.factories import OfferingVersionFactory, TeamFactory, member

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
MANY, FEW, ROUNDS = 5_000, 300, 60
WORDS = ("queue", "cache", "search", "store", "gateway", "batch", "report", "mail", "stream", "index")
PATHS = ("/catalog/", "/catalog/?q=queue+team-7", "/catalog/?tag=cache&page=2", "/api/v1/offerings/?q=mail")


def fill(count: int, kind: str = "offering") -> None:
    """So many offerings, each with three active versions of two plans."""
    chart = OfferingVersionFactory(offering__slug=f"first-{kind}").chart
    offerings = [
        Offering(
            slug=f"{kind}-{n}",
            name=f"{WORDS[n % 10].title()} {n}",
            summary=f"A {WORDS[n % 10]} for team-{n % 97}, number {n}.",
            category=f"Category {n % 12}",
            tags=[WORDS[n % 10], f"team-{n % 97}"],
            owner="Platform team",
            teams=["payments"] if n % 9 == 0 else [],
        )
        for n in range(count)
    ]
    for offering in offerings:
        offering.derive()
    rows = Offering.objects.bulk_create(offerings)
    versions = OfferingVersion.objects.bulk_create(
        OfferingVersion(offering=row, version=f"1.{minor}.0", status="active", chart=chart)
        for row in rows
        for minor in range(3)
    )
    Plan.objects.bulk_create(
        Plan(offering_version=version, slug=slug, name=slug, is_default=slug == "small")
        for version in versions
        for slug in ("small", "large")
    )


def measured(client: Client) -> dict[str, tuple[float, int]]:
    """Median milliseconds and queries of each path."""
    return {path: (_median(lambda path=path: client.get(path)), _queries(client, path)) for path in PATHS}


def _median(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.fixture
def alice() -> User:
    return member("alice", TeamFactory(slug="shop"))


def test_five_thousand_offerings_are_searched_in_a_constant_number_of_queries(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    fill(FEW)
    few = measured(client)
    fill(MANY, "more")
    many = measured(client)
    for path in PATHS:
        ratio = many[path][0] / few[path][0]
        report(f"GET {path} at {MANY:,} offerings", ms=many[path][0], with_300_ms=few[path][0], ratio=ratio)
        assert many[path][1] == few[path][1], path
        assert ratio <= 4, path
