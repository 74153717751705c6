"""Who runs which version where, and how far behind: by rows, and summed up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from portal.accounts.models import User
from portal.core import clock
from portal.environments.models import Environment
from portal.lifecycle.models import ServiceInstance
from services_catalog.models import Offering, OfferingVersion, VersionStatus
from services_catalog.models.deprecation import today

LIGHT = (
    "offering",
    "version",
    "status",
    "created_at",
    "retires_on",
    "deprecated_at",
    "deprecation_message",
    "successor",
    "offering__lifecycle",
    "offering__retires_on",
)


@dataclass(frozen=True)
class Behind:
    """How a version stands: `versions` newer ones are on offer, the first of them since `days`."""

    version: OfferingVersion
    versions: int = 0
    days: int = 0
    newest: str = ""

    @property
    def state(self) -> str:
        """overdue (nothing is changed within it any more), deprecated, behind, or newest."""
        if self.version.is_out:
            return "overdue"
        on_its_way_out = (self.version.status, self.version.offering.lifecycle)
        if VersionStatus.DEPRECATED in on_its_way_out:
            return "deprecated"
        return "behind" if self.versions else "newest"


@dataclass
class VersionLine:
    """One version of an offering: how many run it in each environment, by slug."""

    behind: Behind
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass
class OfferingLine:
    """One offering: how many run it, how many of them the newest, something deprecated, something overdue."""

    offering: Offering
    total: int = 0
    newest: int = 0
    deprecated: int = 0
    overdue: int = 0
    versions: int = 0


def rows(user: User) -> QuerySet[ServiceInstance]:
    """What runs and one may see, by name, with what a row shows."""
    running = ServiceInstance.objects.visible_to(user).alive().exclude(current_release=None)
    return running.for_lists().order_by("name", "pk")


def standing(offerings: Iterable[int]) -> dict[int, Behind]:
    """How each version of these offerings stands, by its id; one query."""
    found = (
        OfferingVersion.objects.filter(offering__in=set(offerings)).select_related("offering").only(*LIGHT)
    )
    by_offering: dict[int, list[OfferingVersion]] = defaultdict(list)
    for version in found:
        by_offering[version.offering_id].append(version)
    now = clock.now()
    return {
        version.pk: _behind(version, versions, now)
        for versions in by_offering.values()
        for version in versions
    }


def of_offering(user: User, offering: Offering) -> list[VersionLine]:
    """By version, newest first, those that nobody runs left out; two queries however many run it."""
    known = standing([offering.pk])
    lines: dict[int, VersionLine] = {}
    counted = (
        ServiceInstance.objects.visible_to(user)
        .alive()
        .filter(offering=offering)
        .exclude(current_release=None)
        .order_by()
        .values_list("current_release__offering_version", "environment__slug")
        .annotate(n=Count("pk"))
    )
    for version, environment, count in counted:
        line = lines.setdefault(version, VersionLine(known[version]))
        line.counts[environment] += count
    return sorted(lines.values(), key=lambda line: line.behind.version.precedence, reverse=True)


def of_all(user: User) -> list[OfferingLine]:
    """By offering, those with something overdue or deprecated first; three queries however many run."""
    counted = list(
        ServiceInstance.objects.visible_to(user)
        .alive()
        .exclude(current_release=None)
        .order_by()
        .values_list("offering", "current_release__offering_version")
        .annotate(n=Count("pk"))
    )
    known = standing(offering for offering, _, _ in counted)
    fields = ("slug", "name", "icon", "lifecycle", "retires_on")
    offerings = Offering.objects.only(*fields).in_bulk({offering for offering, _, _ in counted})
    lines = {pk: OfferingLine(offering) for pk, offering in offerings.items()}
    for offering, version, count in counted:
        line, state = lines[offering], known[version].state
        line.total += count
        line.versions += 1
        line.newest += count if state == "newest" else 0
        line.deprecated += count if state == "deprecated" else 0
        line.overdue += count if state == "overdue" else 0
    return sorted(lines.values(), key=lambda each: (-each.overdue, -each.deprecated, each.offering.name))


def environments() -> list[Environment]:
    return list(Environment.objects.only("slug", "name", "stripe", "order").order_by("order"))


def narrowed(rows: QuerySet[ServiceInstance], state: str) -> QuerySet[ServiceInstance]:
    """Those whose version is overdue, deprecated (but not overdue), behind (a newer one is on offer) or
    newest."""
    wanted = [pk for pk, each in _all_versions(rows).items() if each.state == state]
    return rows.filter(current_release__offering_version__in=wanted)


def out() -> Q:
    """Of instances: nothing is changed any more within the version that they run."""
    version = "current_release__offering_version"
    return Q(**{f"{version}__status": VersionStatus.RETIRED}) | Q(**{f"{version}__retires_on__lte": today()})


def _all_versions(rows: QuerySet[ServiceInstance]) -> Mapping[int, Behind]:
    return standing(rows.order_by().values_list("offering", flat=True).distinct())


def _behind(version: OfferingVersion, versions: Iterable[OfferingVersion], now: datetime) -> Behind:
    newer = [
        each
        for each in versions
        if each.status == VersionStatus.ACTIVE and each.precedence > version.precedence
    ]
    if not newer:
        return Behind(version)
    since = min(each.created_at for each in newer)
    newest = max(newer, key=lambda each: each.precedence)
    return Behind(version, len(newer), max((now - since).days, 0), newest.version)
