"""Reading the catalog for pages and the API, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects

from portal.accounts.models import User
from portal.core.errors import NotFound
from services_catalog.models import Offering, OfferingVersion, Plan, VersionStatus

# What a list must not load: it may be hundreds of kilobytes a version.
HEAVY = (
    "values_schema",
    "default_values",
    "readme",
    "notes",
    "locked_values",
    "short_form",
    "values_of",
    "reproducibility",
    "marks",
    "example",
)


HEAVY_OF_SOURCES = (
    "source_version__report",
    "source_version__source__secret",
    "source_version__source__keyring",
)


@dataclass(frozen=True)
class CatalogEntry:
    """One card of the library. Without an active version there is nothing to request, and no price."""

    offering: Offering
    latest: OfferingVersion | None
    from_price_cents_per_month: int | None

    @property
    def requestable(self) -> bool:
        return self.latest is not None and self.latest.may_be_requested


@dataclass(frozen=True)
class OfferingDetail:
    """An offering with what may be seen of its versions (drafts are left out), newest first."""

    offering: Offering
    latest: OfferingVersion | None
    versions: list[OfferingVersion]
    plans: list[Plan]

    @property
    def requestable(self) -> bool:
        return self.latest is not None and self.latest.may_be_requested


def catalog(
    user: User,
    *,
    search: str = "",
    category: str = "",
    tag: str = "",
    environment: str = "",
    requestable: bool = False,
) -> QuerySet[Offering]:
    """What the library has for `user`, by name; one query however long it is.

    Every word of `search` must be found in name, summary, category or tags; `environment` keeps what may be
    requested there; `requestable` keeps what may be requested at all.
    """
    offerings = Offering.objects.visible_to(user).matching(search)
    if requestable:
        offerings = offerings.requestable()
    if category:
        offerings = offerings.filter(category=category)
    if tag:
        offerings = offerings.labelled("tag", [tag])
    return offerings.labelled("env", [environment]) if environment else offerings


def entries(offerings: Iterable[Offering]) -> list[CatalogEntry]:
    """The cards of one page of offerings, in their order; two queries."""
    found = list(offerings)
    active = OfferingVersion.objects.filter(status=VersionStatus.ACTIVE).defer(*HEAVY)
    prefetch = Prefetch("versions", queryset=active.prefetch_related("plans"), to_attr="active_versions")
    prefetch_related_objects(found, prefetch)
    return [_entry(offering) for offering in found]


def offering_detail(user: User, slug: str, *, with_drafts: bool = False) -> OfferingDetail:
    """One offering with its versions and the plans of the latest. Raises NotFound."""
    hidden = Q() if with_drafts else Q(status=VersionStatus.DRAFT)
    versions = OfferingVersion.objects.exclude(hidden) if hidden else OfferingVersion.objects.all()
    versions = versions.select_related("source_version__source").defer(*HEAVY_OF_SOURCES)
    offering = (
        Offering.objects.visible_to(user)
        .filter(slug=slug)
        .prefetch_related(
            Prefetch("versions", queryset=versions.prefetch_related("plans"), to_attr="seen_versions")
        )
        .first()
    )
    if offering is None:
        raise NotFound(f"There is no offering called {slug}. See the catalog for what there is.")
    seen = sorted(_linked(offering, "seen_versions"), key=lambda version: version.precedence, reverse=True)
    latest = next((version for version in seen if version.status == VersionStatus.ACTIVE), None)
    return OfferingDetail(offering, latest, seen, list(latest.plans.all()) if latest else [])


def version_for(slug: str, number: str = "", *, user: User | None = None) -> OfferingVersion:
    """The version that a new instance is made from: `number`, or the newest active one. Raises NotFound, also
    for what is kept for other teams than those of `user`."""
    versions = (
        OfferingVersion.objects.requestable().filter(offering__slug=slug).select_related("offering", "chart")
    )
    if user is not None:
        versions = versions.filter(offering__in=Offering.objects.visible_to(user))
    if number:
        versions = versions.filter(version=number)
    newest = max(versions.defer("chart__content"), key=lambda version: version.precedence, default=None)
    if newest is None:
        asked = f"{slug} {number}".strip()
        raise NotFound(f"{asked} may not be requested. See the catalog for what may.")
    return newest


def plan_for(version: OfferingVersion, slug: str = "") -> Plan:
    """The plan of this name, or the version's default plan. Raises NotFound, naming the plans there are."""
    plans = list(version.plans.all())
    wanted = (plan for plan in plans if (plan.slug == slug if slug else plan.is_default))
    found = next(wanted, None)
    if found is None:
        known = ", ".join(plan.slug for plan in plans)
        raise NotFound(f"{version} has no plan called {slug or '(default)'}. Choose one of: {known}.")
    return found


def upgrades_of(version: OfferingVersion) -> list[OfferingVersion]:
    """The active versions of the same offering that are newer, newest first."""
    others = OfferingVersion.objects.filter(offering=version.offering_id, status=VersionStatus.ACTIVE)
    newer = [other for other in others.defer(*HEAVY) if other.precedence > version.precedence]
    return sorted(newer, key=lambda other: other.precedence, reverse=True)


def categories(user: User) -> list[str]:
    return list(
        Offering.objects.visible_to(user).order_by("category").values_list("category", flat=True).distinct()
    )


def _entry(offering: Offering) -> CatalogEntry:
    latest = max(_linked(offering, "active_versions"), key=lambda version: version.precedence, default=None)
    prices = [plan.price_cents_per_month for plan in latest.plans.all()] if latest else []
    return CatalogEntry(offering, latest, min(prices, default=None))


def _linked(offering: Offering, attribute: str) -> list[OfferingVersion]:
    """Prefetched versions, each knowing its offering without another query."""
    versions: list[OfferingVersion] = getattr(offering, attribute)
    for version in versions:
        version.offering = offering
    return versions
