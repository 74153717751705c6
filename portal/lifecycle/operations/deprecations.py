"""Owners of what is on its way out are told of it: when it is said, and 30, 7 and 1 days before it retires.

Level-triggered: a row remembers how far its owners have been told, and a beat tells what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.db import transaction
from django.db.models import Count, QuerySet

from portal.accounts.models import Team
from portal.audit.notifying import notify
from portal.audit.recording import record
from portal.core import clock
from portal.lifecycle.models import ServiceInstance
from services_catalog.models import Lifecycle, Offering, OfferingVersion, VersionStatus

Subject = Offering | OfferingVersion
# days that are left, and how far one has told by then
STEPS = ((0, 5), (1, 4), (7, 3), (30, 2))
SAID, RETIRED = 1, 5
URGENT = 4


def announce_due() -> int:
    """Tell what is untold, each thing once however many beats look. Returns how many were told of."""
    return sum(_announce(subject, step) for subject, step in _due())


def step_of(subject: Subject) -> int:
    """How far its owners should have been told by now."""
    left = subject.days_left
    if left is None:
        return SAID
    return next((step for days, step in STEPS if left <= days), SAID)


def _due() -> Iterator[tuple[Subject, int]]:
    said = {"deprecated_at__lte": clock.now(), "notices_told__lt": RETIRED}
    versions = OfferingVersion.objects.filter(status=VersionStatus.DEPRECATED, **said)
    offerings = Offering.objects.filter(lifecycle=Lifecycle.DEPRECATED, **said)
    heavy = ("values_schema", "default_values", "readme", "notes", "locked_values")
    rows: chain[Subject] = chain(versions.select_related("offering").defer(*heavy), offerings)
    for subject in rows:
        step = step_of(subject)
        if step > subject.notices_told:
            yield subject, step


def _announce(subject: Subject, step: int) -> bool:
    """Whether it is this beat that tells."""
    with transaction.atomic():
        rows = type(subject)._default_manager.filter(pk=subject.pk, notices_told=subject.notices_told)
        if not rows.update(notices_told=step):
            return False  # told, or said anew, in this very moment
        counts = dict(_running(subject).values_list("application__team").annotate(n=Count("pk")))
        teams = Team.objects.filter(pk__in=counts).order_by("pk")
        for team in teams:
            _tell(subject, step, team, counts[team.pk])
        day = subject.retires_on.isoformat() if subject.retires_on else None
        after = {"retires_on": day, "teams": len(counts), "instances": sum(counts.values())}
        record("deprecation.announced", subject, actor=None, after=after)
    return True


def _running(subject: Subject) -> QuerySet[ServiceInstance]:
    rows = ServiceInstance.objects.alive().order_by()
    if isinstance(subject, Offering):
        return rows.filter(offering=subject)
    return rows.filter(offering=subject.offering_id, current_release__offering_version=subject)


def _tell(subject: Subject, step: int, team: Team, count: int) -> None:
    is_offering = isinstance(subject, Offering)
    offering = subject if isinstance(subject, Offering) else subject.offering
    run = "instance runs" if count == 1 else "instances run"
    text = f"{_said(subject, step)}: {count} {run} it in {team}. {subject.deprecation_message}"
    narrowed = f"&version={subject.version}" if isinstance(subject, OfferingVersion) else ""
    kind = "offering" if is_offering else "version"
    notify(
        team.members.filter(is_active=True),
        topic="deprecation.announced",
        text=text,
        url=f"/catalog/{offering.slug}/fleet/?team={team.slug}{narrowed}",
        key=f"deprecated:{kind}:{subject.pk}:{step}:{subject.retires_on}:{team.pk}",
        urgent=step >= URGENT,
    )


def _said(subject: Subject, step: int) -> str:
    if step == RETIRED:
        return f"{subject} has retired: nothing is changed within it any more"
    if subject.retires_on is None:
        return f"{subject} is deprecated"
    days = "1 day" if subject.days_left == 1 else f"{subject.days_left} days"
    return f"{subject} is deprecated and retires on {subject.retires_on}, in {days}"
