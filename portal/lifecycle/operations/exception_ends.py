"""Exceptions near their end are announced; those past it are put to rest. What counts is decided by time
alone, wherever something is judged: this only keeps the rows and the trail true."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import StateConflict
from portal.lifecycle.models import PolicyException
from portal.lifecycle.operations import stale
from portal.lifecycle.states import EXCEPTIONS, ExceptionState

NOTICE = timedelta(days=3)


def tidy() -> int:
    """Announce and end what is due. Returns how many rows changed."""
    now = clock.now()
    return _announce(now) + _end(now)


def notice_for(exception: PolicyException) -> timedelta:
    """How long before its end an exception is announced: three days, and half its time when it is short."""
    begun = exception.decided_at or exception.requested_at
    return min(NOTICE, (exception.expires_at - begun) / 2)


def _announce(now: datetime) -> int:
    count = 0
    near = PolicyException.objects.honoured_at(now).filter(announced_at=None, expires_at__lte=now + NOTICE)
    for exception in near.select_related("application", "environment"):
        if exception.expires_at - now > notice_for(exception):
            continue
        with transaction.atomic():
            rows = PolicyException.objects.filter(
                pk=exception.pk, announced_at=None, state=ExceptionState.GRANTED
            )
            if rows.update(announced_at=now):
                after = {"expires_at": exception.expires_at.isoformat()}
                record("exception.announced", exception, actor=None, after=after)
                count += 1
    return count


def _end(now: datetime) -> int:
    count = 0
    open_states = (ExceptionState.REQUESTED, ExceptionState.GRANTED)
    over = PolicyException.objects.filter(state__in=open_states, expires_at__lte=now)
    for exception in over.select_related("application", "environment"):
        try:
            with transaction.atomic():
                EXCEPTIONS.move(
                    PolicyException.objects.all(),
                    pk=exception.pk,
                    old=ExceptionState(exception.state),
                    new=ExceptionState.EXPIRED,
                    ended_at=now,
                )
                record("exception.expired", exception, actor=None)
                stale.mark(exception)
            count += 1
        except StateConflict:
            continue  # revoked or decided in this very moment
    return count
