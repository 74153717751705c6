"""Who is told of drift, and what the audit trail keeps of it: once for what is new, never for each look."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from portal.audit.notifying import notify
from portal.audit.recording import record
from portal.core import clock
from portal.lifecycle.models import DriftItem, DriftTolerance, ServiceInstance

MOST_SAID = 20


def appeared(instance: ServiceInstance, items: Sequence[DriftItem], *, minded: Sequence[DriftItem]) -> None:
    """To the team, unless all of it is tolerated. What comes and goes is told once a day."""
    record("drift.found", instance, actor=None, team_id=instance.team_id, after=_said(items))
    if minded:
        text = f"{_named(instance)} is not as it was sealed any more: {_summary(minded)}."
        seen = sorted(f"{item.api_version} {item.namespace} {item}" for item in minded)
        mark = hashlib.sha256("\n".join(seen).encode()).hexdigest()[:24]
        _tell(instance, "drift.found", text, f"{mark}:{clock.now():%Y-%m-%d}")


def ended(instance: ServiceInstance, items: Sequence[DriftItem]) -> None:
    record("drift.ended", instance, actor=None, team_id=instance.team_id, before=_said(items))


def tolerance_over(tolerance: DriftTolerance, items: Sequence[DriftItem]) -> None:
    """Its date has come; `items` are what it covered, and what counts again."""
    instance = tolerance.instance
    after = {"until": tolerance.until.isoformat(), **_said(items)}
    record("drift.tolerance_over", tolerance, actor=None, team_id=instance.team_id, after=after)
    if items:
        text = f"{_named(instance)}: what was tolerated until now counts as drift again: {_summary(items)}."
        _tell(instance, "drift.tolerance_over", text, str(tolerance.pk))


def _tell(instance: ServiceInstance, topic: str, text: str, once: str) -> None:
    people = instance.application.team.members.filter(is_active=True, is_service_account=False)
    url = f"/instances/{instance.pk}/drift/"
    notify(people, topic=topic, text=text, url=url, key=f"{topic}:{instance.pk}:{once}")


def _named(instance: ServiceInstance) -> str:
    return f"{instance} of {instance.application} in {instance.environment}"


def _summary(items: Sequence[DriftItem]) -> str:
    first = items[0]
    what = f"{first.path} of {first.key}" if first.path else f"{first.key} is {first.how}"
    by = f", by {first.manager}" if first.manager else ""
    more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
    return f"{what}{by}{more}"


def _said(items: Sequence[DriftItem]) -> dict[str, Any]:
    return {
        "items": [
            {
                "object": f"{item.namespace}/{item.key}".lstrip("/"),
                "path": item.path,
                "how": item.how,
                "sealed": item.sealed,
                "live": item.live,
                "manager": item.manager,
                "at": item.manager_at.isoformat() if item.manager_at else "",
            }
            for item in items[:MOST_SAID]
        ],
        "left_off": max(len(items) - MOST_SAID, 0),
    }
