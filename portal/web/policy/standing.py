"""How one instance stands to the policies, as the last scan found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, Q, When

from portal.core import clock
from portal.lifecycle.models import PolicyReport, ServiceInstance, Violation
from portal.lifecycle.selectors import bundle


@dataclass(frozen=True)
class Standing:
    """Counts of what the last scan found. `report` is None before the first; a stale one is about to be made
    again."""

    report: PolicyReport | None
    is_stale: bool
    open: int
    waived: int
    overdue: int

    @property
    def facts(self) -> tuple[object, ...]:
        """Moves with everything that is shown of it."""
        scanned = self.report and self.report.scanned_at
        return (scanned, self.is_stale, self.open, self.waived, self.overdue)


def of_instance(instance: ServiceInstance) -> Standing:
    now = clock.now()
    counts = Violation.objects.filter(instance=instance).aggregate(
        open=Count("pk", filter=~Q(outcome=Violation.Outcome.WAIVED)),
        waived=Count("pk", filter=Q(outcome=Violation.Outcome.WAIVED)),
        overdue=Count("pk", filter=~Q(outcome=Violation.Outcome.WAIVED) & Q(due_at__lte=now)),
    )
    report = PolicyReport.objects.filter(instance=instance).first()
    if report is None:
        return Standing(None, is_stale=False, **counts)
    report.instance = instance
    return Standing(report, report.is_stale_at(now, bundle.current().digest), **counts)


def violations(instance: ServiceInstance) -> Sequence[Violation]:
    """The most urgent first, waived ones last."""
    waived = Case(When(outcome=Violation.Outcome.WAIVED, then=1), default=0)
    rows = Violation.objects.for_lists().filter(instance=instance)
    return list(rows.order_by(waived, "due_at", "pk"))
