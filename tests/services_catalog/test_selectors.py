from __future__ import annotations

import pytest

from portal.accounts.roles import PlatformRoleName
from portal.core.errors import NotFound
from services_catalog import selectors
from services_catalog.models import Offering, OfferingVersion, Plan
from tests.factories import TeamFactory, UserFactory, member, platform


@pytest.fixture
def many(catalog):
    """Forty more offerings with three versions and plans each."""
    source = OfferingVersion.objects.select_related("chart").get(offering__slug="redis", version="1.0.0")
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


@pytest.fixture
def user(catalog):
    """Somebody of the platform, who sees all of it."""
    reader = platform("reader", PlatformRoleName.AUDITOR)
    assert reader.access.sees_all_teams  # asked for once a request
    return reader


def slugs(offerings) -> list[str]:
    return [offering.slug for offering in offerings]


def cards(user, **wanted):
    return selectors.entries(selectors.catalog(user, **wanted))


def test_a_card_shows_the_newest_version_and_the_lowest_price(user, many):
    card = next(each for each in cards(user) if each.offering.slug == "more-00")
    assert (card.latest.version, card.from_price_cents_per_month, card.requestable) == ("1.10.0", 210, True)


def test_the_catalog_costs_three_queries_however_long(user, many, django_assert_num_queries):
    with django_assert_num_queries(3):
        entries = cards(user)
        assert len(entries) > 50
        assert all(entry.requestable for entry in entries)


def test_an_offering_costs_three_queries(user, catalog, django_assert_num_queries):
    with django_assert_num_queries(3):
        detail = selectors.offering_detail(user, "web-service")
        assert [version.version for version in detail.versions] == ["1.2.0", "1.1.0", "1.0.0"]
        assert [plan.slug for plan in detail.plans] == ["small", "medium", "large"]
        assert detail.requestable
        assert detail.latest.readme


def test_search_wants_all_words_in_any_place(user, catalog):
    assert slugs(selectors.catalog(user, search="DATA sql")) == ["postgresql"]
    assert slugs(selectors.catalog(user, search="cache queue")) == ["redis"]
    assert slugs(selectors.catalog(user, search="cache nonsense")) == []
    assert slugs(selectors.catalog(user, category="Data")) == ["object-bucket", "postgresql", "redis"]
    assert slugs(selectors.catalog(user, tag="sql")) == ["postgresql"]


def test_only_what_may_be_requested_is_requestable(user, catalog):
    Offering.objects.filter(slug="redis").update(lifecycle="deprecated")
    Offering.objects.filter(slug="worker").update(lifecycle="retired")
    OfferingVersion.objects.filter(offering__slug="postgresql").update(status="draft")
    requestable = slugs(selectors.catalog(user, requestable=True))
    assert {"namespace", "web-service"} <= set(requestable)
    assert not {"redis", "worker", "postgresql"} & set(requestable)
    assert "worker" not in slugs(selectors.catalog(user))
    shown = {entry.offering.slug: entry.requestable for entry in cards(user)}
    assert (shown["namespace"], shown["postgresql"], shown["redis"]) == (True, False, False)
    assert [slug for slug, may in shown.items() if may] == requestable
    for slug in ("redis", "worker", "postgresql", "nonsense"):
        with pytest.raises(NotFound):
            selectors.version_for(slug)


def test_an_offering_may_be_limited_to_some_environments(user, catalog):
    redis = Offering.objects.get(slug="redis")
    redis.environments = ["dev", "staging"]
    redis.save()
    assert "redis" in slugs(selectors.catalog(user, environment="dev"))
    assert "redis" not in slugs(selectors.catalog(user, environment="production"))


def test_drafts_are_for_curators_only(user, catalog):
    OfferingVersion.objects.filter(offering__slug="web-service", version="1.2.0").update(status="draft")
    versions = [version.version for version in selectors.offering_detail(user, "web-service").versions]
    assert versions == ["1.1.0", "1.0.0"]
    assert selectors.offering_detail(user, "web-service").latest.version == "1.1.0"
    assert len(selectors.offering_detail(user, "web-service", with_drafts=True).versions) == 3
    with pytest.raises(NotFound):
        selectors.version_for("web-service", "1.2.0")


def test_versions_and_plans_are_found_by_name_or_by_default(user, catalog):
    assert selectors.version_for("web-service").version == "1.2.0"
    old = selectors.version_for("web-service", "1.0.0")
    assert [version.version for version in selectors.upgrades_of(old)] == ["1.2.0", "1.1.0"]
    assert selectors.upgrades_of(selectors.version_for("web-service")) == []
    assert selectors.plan_for(old).slug == "small"
    assert selectors.plan_for(old, "large").slug == "large"
    with pytest.raises(NotFound, match="small, medium, large"):
        selectors.plan_for(old, "huge")


def test_the_categories_are_those_in_use(user, catalog):
    assert selectors.categories(user) == ["Data", "Foundation", "Messaging", "Run"]


def test_an_offering_may_be_kept_for_some_teams(user, catalog):
    redis = Offering.objects.get(slug="redis")
    redis.teams = ["payments"]
    redis.save()
    pia = member("pia", TeamFactory(slug="payments"))
    alice = member("alice", TeamFactory(slug="shop"))
    for person, sees in ((user, True), (pia, True), (alice, False), (UserFactory(username="new"), False)):
        assert ("redis" in slugs(selectors.catalog(person))) is sees
        assert "web-service" in slugs(selectors.catalog(person))
    assert selectors.version_for("redis", user=pia).version
    with pytest.raises(NotFound):
        selectors.version_for("redis", user=alice)
    with pytest.raises(NotFound):
        selectors.offering_detail(alice, "redis")


def test_a_tag_is_found_whole_and_signs_mean_themselves(user, catalog):
    assert slugs(selectors.catalog(user, tag="sq")) == []
    assert slugs(selectors.catalog(user, search="%")) == []
    assert slugs(selectors.catalog(user, search="_eb")) == []
