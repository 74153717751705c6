"""What is known to be wrong where the change goes, and where it comes from: scanned again, now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.core import clock
from portal.lifecycle.models import Evidence, ServiceInstance, Violation
from portal.lifecycle.operations import scanning
from portal.lifecycle.operations.evidence.found import Found, span
from portal.lifecycle.operations.evidence.subject import Subject
from portal.lifecycle.selectors import bundle
from portal.policy.types import SEVERITIES

MOST = 50


def gather(subject: Subject) -> Found | None:
    """Open violations of the target and, for a promotion, of the stage before, by severity.

    Speaks against a change only what is critical, overdue, in the target, and would still be there after it:
    a change that remedies a finding must not be held up by it. Raises SlipwayError.
    """
    looked_at = [instance for instance in _instances(subject) if instance.current_release_id]
    if not looked_at:
        return None
    scanning.scan(looked_at, bundle.current())
    rows = list(
        Violation.objects.filter(instance__in=looked_at)
        .select_related("instance__environment", "instance__application")
        .order_by("due_at", "id")
    )
    opened = [row for row in rows if row.outcome != Violation.Outcome.WAIVED]
    now = clock.now()
    stay = [row for row in opened if _speaks_against(row, subject, now)]
    status = Evidence.Status.NOTE if opened else Evidence.Status.GOOD
    return Found(
        Evidence.Status.BAD if stay else status,
        _summary(opened, waived=len(rows) - len(opened), stay=len(stay), now=now),
        f"scan of {', '.join(sorted(instance.environment.slug for instance in looked_at))}",
        {
            "by_severity": _by_severity(opened),
            "waived": len(rows) - len(opened),
            "list": [_said(row, subject, now) for row in opened[:MOST]],
            "left_off": max(len(opened) - MOST, 0),
        },
    )


def _instances(subject: Subject) -> list[ServiceInstance]:
    source = subject.source
    return [subject.instance, source] if source is not None else [subject.instance]


def _by_severity(rows: Sequence[Violation]) -> dict[str, int]:
    found = Counter(row.severity for row in rows)
    return {name: found[name] for name in reversed(SEVERITIES) if found[name]}


def _summary(opened: Sequence[Violation], *, waived: int, stay: int, now: datetime) -> str:
    if not opened:
        return "None open" + (f", {waived} waived" if waived else "")
    counts = ", ".join(f"{count} {name}" for name, count in _by_severity(opened).items())
    oldest = opened[0].due_at
    due = f"overdue for {span(now - oldest)}" if oldest <= now else f"due in {span(oldest - now)}"
    said = f"{counts} open; the most urgent is {due}"
    return f"{said}; {stay} critical and overdue would stay" if stay else said


def _speaks_against(row: Violation, subject: Subject, now: datetime) -> bool:
    is_critical = row.severity == "critical" and row.outcome != Violation.Outcome.AUDIT
    here = row.instance_id == subject.instance.pk
    return here and is_critical and row.is_overdue_at(now) and not _is_remedied(row, subject)


def _is_remedied(row: Violation, subject: Subject) -> bool:
    """Whether the new release no longer has it; what is retired has nothing any more."""
    return not any(
        (verdict.policy, verdict.rule, verdict.key.kind, verdict.key.name)
        == (row.policy, row.rule, row.kind, row.name)
        and verdict.outcome not in ("pass", "waived")
        for verdict in subject.judgement().verdicts
    )


def _said(row: Violation, subject: Subject, now: datetime) -> dict[str, Any]:
    return {
        "instance": row.instance.name,
        "environment": row.instance.environment.slug,
        "policy": row.policy,
        "title": row.title,
        "severity": row.severity,
        "outcome": row.outcome,
        "object": f"{row.kind}/{row.name}",
        "since": row.since.isoformat(),
        "due_at": row.due_at.isoformat(),
        "overdue": row.is_overdue_at(now),
    }
