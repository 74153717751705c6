"""What the change takes of the namespace's quota, and what it costs: from what is sealed."""

from __future__ import annotations

from dataclasses import asdict

from portal.lifecycle.models import Evidence, Release
from portal.lifecycle.operations import quota
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.operations.evidence.subject import Subject
from portal.lifecycle.operations.quota import QuotaLine
from portal.lifecycle.selectors import instances


def gather(subject: Subject) -> Found:
    """Quota before and after, resource by resource, and the prices in cents a month."""
    lines = _lines(subject)
    before, after = _price(subject.current), _price(subject.change.release)
    exceeded = [line.resource for line in lines if line.exceeded]
    status = Evidence.Status.NOTE if after > before else Evidence.Status.GOOD
    return Found(
        Evidence.Status.BAD if exceeded else status,
        f"{_of_quota(lines, exceeded)}; {_of_price(before, after)}",
        "sealed releases",
        {"lines": [asdict(line) for line in lines], "price_before": before, "price_after": after},
    )


def _lines(subject: Subject) -> list[QuotaLine]:
    change = subject.change
    namespace = instances.namespace_release(change.application, change.environment)
    if change.offering.is_namespace or namespace is None:
        return []
    usages = instances.usages_in_namespace(change.application, change.environment, but=subject.instance)
    return quota.lines(
        others=quota.total(quota.from_json(usage) for usage in usages),
        before=quota.from_json(subject.current.usage if subject.current else {}),
        after=quota.from_json(change.release.usage if change.release else {}),
        hard=quota.hard_limits(namespace.objects_masked),
    )


def _price(release: Release | None) -> int:
    return release.plan.price_cents_per_month if release and release.plan else 0


def _of_quota(lines: list[QuotaLine], exceeded: list[str]) -> str:
    if exceeded:
        return f"Exceeds the quota: {', '.join(exceeded)}"
    changed = [f"{line.resource} {line.used} → {line.after}" for line in lines if line.used != line.after]
    return f"Within quota, {', '.join(changed[:3])}" if changed else "The quota is not touched"


def _of_price(before: int, after: int) -> str:
    if before == after:
        return f"costs as before, {_euros(after)} a month" if after else "costs nothing"
    return f"{_euros(before)} → {_euros(after)} a month"


def _euros(cents: int) -> str:
    return f"{cents / 100:,.2f} €" if cents % 100 else f"{cents // 100:,} €"
