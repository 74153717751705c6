from __future__ import annotations

import pytest

from portal.core.errors import NotFound
from services_catalog import selectors
from services_catalog.models import Offering, OfferingVersion, Plan


@pytest.fixture
def many(catalog):
    """Forty more offerings with three versions and plans each."""
    source = OfferingVersion.objects.select_related("chart").get(offering__slug="redis")
    for index in range(40):
        offering = Offering.objects.create(
            slug=f"more-{index:02}", name=f"More {index:02}", summary="More", category="More", owner="Us"
        )
        for minor in (9, 10, 2):
            version = OfferingVersion.objects.create(
                offering=offering, version=f"1.{minor}.0", status="active", chart=source.chart
            )
            for price in (300, 200):
                Plan.objects.create(
                    offering_version=version, slug=f"p{price}", name="P", price_cents_per_month=price + minor
                )


def slugs(entries) -> list[str]:
    return [entry.offering.slug for entry in entries]


def test_a_card_shows_the_newest_version_and_the_lowest_price(many):
    card = next(each for each in selectors.catalog() if each.offering.slug == "more-00")
    assert (card.latest.version, card.from_price_cents_per_month, card.requestable) == ("1.10.0", 210, True)


def test_the_catalog_costs_three_queries_however_long(many, django_assert_num_queries):
    with django_assert_num_queries(3):
        entries = selectors.catalog()
        assert len(entries) == 45
        assert all(entry.requestable for entry in entries)


def test_an_offering_costs_three_queries(catalog, django_assert_num_queries):
    with django_assert_num_queries(3):
        detail = selectors.offering_detail("web-service")
        assert [version.version for version in detail.versions] == ["1.1.0", "1.0.0"]
        assert [plan.slug for plan in detail.plans] == ["small", "medium", "large"]
        assert detail.requestable
        assert detail.latest.readme


def test_search_wants_all_words_in_any_place(catalog):
    assert slugs(selectors.catalog(search="DATA sql")) == ["postgresql"]
    assert slugs(selectors.catalog(search="cache queue")) == ["redis"]
    assert slugs(selectors.catalog(search="cache nonsense")) == []
    assert slugs(selectors.catalog(category="Data")) == ["postgresql", "redis"]
    assert slugs(selectors.catalog(tag="sql")) == ["postgresql"]


def test_only_what_may_be_requested_is_requestable(catalog):
    Offering.objects.filter(slug="redis").update(lifecycle="deprecated")
    Offering.objects.filter(slug="worker").update(lifecycle="retired")
    OfferingVersion.objects.filter(offering__slug="postgresql").update(status="draft")
    assert slugs(selectors.catalog(requestable=True)) == ["namespace", "web-service"]
    assert "worker" not in slugs(selectors.catalog())
    assert {entry.offering.slug: entry.requestable for entry in selectors.catalog()} == {
        "namespace": True,
        "postgresql": False,
        "redis": False,
        "web-service": True,
    }
    for slug in ("redis", "worker", "postgresql", "nonsense"):
        with pytest.raises(NotFound):
            selectors.version_for(slug)


def test_an_offering_may_be_limited_to_some_environments(catalog):
    Offering.objects.filter(slug="redis").update(environments=["dev", "staging"])
    assert "redis" in slugs(selectors.catalog(environment="dev"))
    assert "redis" not in slugs(selectors.catalog(environment="production"))


def test_drafts_are_for_curators_only(catalog):
    OfferingVersion.objects.filter(offering__slug="web-service", version="1.1.0").update(status="draft")
    assert [v.version for v in selectors.offering_detail("web-service").versions] == ["1.0.0"]
    assert selectors.offering_detail("web-service").latest.version == "1.0.0"
    assert len(selectors.offering_detail("web-service", with_drafts=True).versions) == 2
    with pytest.raises(NotFound):
        selectors.version_for("web-service", "1.1.0")


def test_versions_and_plans_are_found_by_name_or_by_default(catalog):
    assert selectors.version_for("web-service").version == "1.1.0"
    old = selectors.version_for("web-service", "1.0.0")
    assert [version.version for version in selectors.upgrades_of(old)] == ["1.1.0"]
    assert selectors.upgrades_of(selectors.version_for("web-service")) == []
    assert selectors.plan_for(old).slug == "small"
    assert selectors.plan_for(old, "large").slug == "large"
    with pytest.raises(NotFound, match="small, medium, large"):
        selectors.plan_for(old, "huge")


def test_the_categories_are_those_in_use(catalog):
    assert selectors.categories() == ["Data", "Foundation", "Run"]
