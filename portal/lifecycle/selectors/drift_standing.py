"""How instances stand against what was sealed: reports, what differs, and what is let be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from portal.accounts.models import User
from portal.core import clock
from portal.core.objects import ObjectKey
from portal.lifecycle.models import DriftItem, DriftReport, DriftTolerance, ServiceInstance

How = DriftItem.How
FIELDS = (How.CHANGED, How.REMOVED, How.ADDED)
# of one instance, on a page or in an answer
MOST_ITEMS = 500


@dataclass(frozen=True)
class Line:
    """One thing that differs, and the tolerance that covers it, if one does."""

    item: DriftItem
    tolerance: DriftTolerance | None = None

    @property
    def is_whole(self) -> bool:
        return not self.item.path


@dataclass(frozen=True)
class Standing:
    """Of one instance. `report` is None where nobody has looked yet."""

    instance: ServiceInstance
    report: DriftReport | None = None
    lines: list[Line] = field(default_factory=list)
    tolerances: list[DriftTolerance] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.report.status if self.report else DriftReport.Status.UNKNOWN

    @property
    def minded(self) -> list[Line]:
        """What nobody tolerates."""
        return [line for line in self.lines if line.tolerance is None]

    @property
    def is_drifted(self) -> bool:
        return bool(self.minded)

    @property
    def groups(self) -> list[tuple[ObjectKey, list[Line]]]:
        """By object, in order."""
        found: dict[ObjectKey, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.item.key, []).append(line)
        return list(found.items())

    @property
    def managers(self) -> list[str]:
        """Who wrote it, by their own word; the last first."""
        shown = self.minded or self.lines
        ordered = sorted(shown, key=lambda line: str(line.item.manager_at or ""), reverse=True)
        return list(dict.fromkeys(line.item.manager for line in ordered if line.item.manager))

    @property
    def since(self) -> datetime | None:
        """When the first of it was seen."""
        return min((line.item.first_seen_at for line in self.minded or self.lines), default=None)

    @property
    def written_at(self) -> datetime | None:
        """When the last of it was written, as the cluster says."""
        return max((each.item.manager_at for each in self.minded if each.item.manager_at), default=None)

    @property
    def tolerated_until(self) -> datetime | None:
        """When the first of the tolerances that cover something ends."""
        covering = [line.tolerance.until for line in self.lines if line.tolerance]
        return min(covering, default=None)

    @property
    def summary(self) -> str:
        """As in "3 fields differ and 1 object is missing"."""
        return described(line.item for line in self.minded)

    @property
    def sentence(self) -> str:
        """As in "3 fields differ from release #12 and 1 object is missing"."""
        release = self.report.release if self.report else None
        against = f" from release #{release.number}" if release else ""
        return described((line.item for line in self.minded), against)

    @property
    def tolerated(self) -> int:
        return len(self.lines) - len(self.minded)

    @property
    def can_be_reverted(self) -> bool:
        return any(line.item.how != How.FOREIGN for line in self.minded)

    @property
    def is_of_now(self) -> bool:
        """Whether it was held against the release that runs now."""
        return self.report is not None and self.report.release_id == self.instance.current_release_id

    @property
    def facts(self) -> tuple[object, ...]:
        """What a live part depends on."""
        report = self.report
        seen = (report.status, report.checked_at, report.asked_at, report.message) if report else None
        lines = [(line.item.pk, line.tolerance and line.tolerance.pk) for line in self.lines]
        return seen, tuple(lines), tuple((each.pk, each.until) for each in self.tolerances)


def described(items: Iterable[DriftItem], against: str = "") -> str:
    counts: dict[str, int] = {}
    for item in items:
        name = "fields" if item.how in FIELDS else item.how
        counts[name] = counts.get(name, 0) + 1
    parts = []
    if fields := counts.get("fields"):
        parts.append((f"{fields} field differs" if fields == 1 else f"{fields} fields differ") + against)
    for how, one, many in (
        (How.MISSING, "object is missing", "objects are missing"),
        (How.FOREIGN, "object is not of the release", "objects are not of the release"),
    ):
        if count := counts.get(how):
            parts.append(f"{count} {one if count == 1 else many}")
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def of(instance: ServiceInstance) -> Standing:
    """Three queries."""
    report = DriftReport.objects.filter(pk=instance.pk).select_related("release").first()
    items = list(instance.drift_items.current()[:MOST_ITEMS])
    tolerances = instance.drift_tolerances.live_at(clock.now()).select_related("created_by")
    return _standing(instance, report, items, list(tolerances))


def counted(instance: ServiceInstance) -> int:
    """How much has to be minded; one query, for pages that show only that."""
    report = DriftReport.objects.filter(pk=instance.pk).first()
    return report.drifted if report else 0


def listed(user: User) -> QuerySet[DriftReport]:
    """Reports of what runs and `user` may see, with what a list shows, in a constant number of queries."""
    tolerances = DriftTolerance.objects.live_at(clock.now())
    return (
        DriftReport.objects.visible_to(user)
        .filter(instance__retired_at=None)
        .select_related(
            "instance__application__team", "instance__environment", "instance__offering", "release"
        )
        .defer(
            *(
                f"release__{name}"
                for name in ("inputs", "values", "masked_values", "objects_masked", "verdicts")
            )
        )
        .prefetch_related(
            Prefetch("instance__drift_items", DriftItem.objects.current(), to_attr="current_drift"),
            Prefetch("instance__drift_tolerances", tolerances, to_attr="live_tolerances"),
        )
        .order_by("instance__name", "instance")
    )


def of_row(report: DriftReport) -> Standing:
    """Of a report that `listed` gave; asks nothing more."""
    instance = report.instance
    return _standing(instance, report, instance.current_drift, instance.live_tolerances)  # type: ignore[attr-defined]


def _standing(
    instance: ServiceInstance,
    report: DriftReport | None,
    items: Iterable[DriftItem],
    tolerances: list[DriftTolerance],
) -> Standing:
    lines = [Line(item, next((each for each in tolerances if each.covers(item)), None)) for item in items]
    return Standing(instance, report, lines, tolerances)
