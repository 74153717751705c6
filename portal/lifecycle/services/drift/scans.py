"""Asking for one instance to be looked at now."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict
from portal.lifecycle import tasks
from portal.lifecycle.models import DriftReport, ServiceInstance

# Whoever asks again within this time after an answer, or while none has come, gets that one.
PAUSE = timedelta(seconds=10)
UNANSWERED = timedelta(seconds=60)


@transaction.atomic
def ask(instance: ServiceInstance, *, actor: User) -> DriftReport:
    """Have a worker look at one instance soon. Asked again too soon, nothing more is asked of the cluster,
    whoever asks and however often.

    Raises NotPermitted (neither of the owning team nor an operator), StateConflict (nothing runs).
    """
    if not actor.is_active or not actor.access.may(Verb.DECIDE):
        require(actor, Verb.REQUEST, instance.team_id)
    if instance.retired_at is not None or instance.current_release_id is None:
        raise StateConflict(f"Nothing of {instance} runs, so there is nothing to compare.")
    now = clock.now()
    report, _ = DriftReport.objects.get_or_create(instance=instance)
    # what lies ahead was written by a clock that was wrong, and is in nobody's way
    answered = Q(tried_at__gte=F("asked_at")) & (Q(tried_at__lte=now - PAUSE) | Q(tried_at__gt=now + PAUSE))
    forgotten = Q(asked_at__lte=now - UNANSWERED) | Q(asked_at__gt=now + PAUSE)
    # what it says is of a release that runs no more
    done = Q(asked_at=None) | Q(tried_at__gte=F("asked_at"))
    outdated = done & ~Q(release=instance.current_release_id)
    never = Q(asked_at=None) & (Q(tried_at=None) | Q(tried_at__lte=now - PAUSE) | Q(tried_at__gt=now + PAUSE))
    due = DriftReport.objects.filter(never | answered | outdated | forgotten, pk=report.pk)
    if due.update(asked_at=now):
        record("drift.scan_asked", instance, actor=actor)
        transaction.on_commit(lambda: tasks.wake_drift(instance.pk))
    report.refresh_from_db()
    return report
