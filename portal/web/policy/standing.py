"""How one instance stands to the policies, as the last scan found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, Q, When

from portal.core import clock
from portal.lifecycle.models import PolicyReport, ServiceInstance, Violation


@dataclass(frozen=True)
class Standing:
    """Counts of what the last scan found. `report` is None before the first."""

    report: PolicyReport | None
    open: int
    waived: int
    overdue: int

    @property
    def facts(self) -> tuple[object, ...]:
        """Moves with everything that is shown of it."""
        scanned = self.report and (self.report.scanned_at, self.report.policy_digest)
        return (scanned, self.open, self.waived, self.overdue)


def of_instance(instance: ServiceInstance) -> Standing:
    now = clock.now()
    counts = Violation.objects.filter(instance=instance).aggregate(
        open=Count("pk", filter=~Q(outcome=Violation.Outcome.WAIVED)),
        waived=Count("pk", filter=Q(outcome=Violation.Outcome.WAIVED)),
        overdue=Count("pk", filter=~Q(outcome=Violation.Outcome.WAIVED) & Q(due_at__lte=now)),
    )
    return Standing(PolicyReport.objects.filter(instance=instance).first(), **counts)


def violations(instance: ServiceInstance) -> Sequence[Violation]:
    """The most urgent first, waived ones last."""
    waived = Case(When(outcome=Violation.Outcome.WAIVED, then=1), default=0)
    rows = Violation.objects.for_lists().filter(instance=instance)
    return list(rows.order_by(waived, "due_at", "pk"))
