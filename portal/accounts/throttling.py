"""Slowing down whoever guesses passwords, without locking anybody out.

Failures are counted for the account, for the address, and for a browser that this account has signed in from
before (OWASP: Slow Down Online Guessing Attacks with Device Cookies). A browser that is known has a count of
its own: strangers who fail on purpose slow down each other, not the person whose account it is. Nobody waits
longer than LONGEST for the next attempt.

Counts stand in the database, since a cache may be each process's own. They are hashed into BUCKETS, so that
their number is bounded however many names and addresses are tried.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction

from portal.accounts.addresses import neighbourhood
from portal.accounts.models import SignInCount
from portal.core import clock
from portal.core.errors import TooManyAttempts

BUCKETS = 65_536
LONGEST = timedelta(seconds=60)
# after this long without a failure a count begins anew
FORGOTTEN = timedelta(hours=1)


class Counted(StrEnum):
    ACCOUNT = "account"
    ADDRESS = "address"
    DEVICE = "device"
    PERSON = "person"  # already signed in, asked for the password again


# failures without a wait; an address may be a whole office's
FREE = {Counted.ACCOUNT: 5, Counted.ADDRESS: 50, Counted.DEVICE: 10, Counted.PERSON: 5}


@dataclass(frozen=True)
class Attempt:
    """What one attempt counts against."""

    buckets: tuple[tuple[Counted, str], ...]

    @classmethod
    def to_sign_in(cls, name: str, address: str, device: str | None = None) -> Attempt:
        """`device` names a browser that has signed in to this account before."""
        who = (Counted.DEVICE, device) if device else (Counted.ACCOUNT, name.strip().casefold())
        return cls._of((who, (Counted.ADDRESS, neighbourhood(address))))

    @classmethod
    def of_person(cls, pk: int) -> Attempt:
        """Somebody signed in gives the password again."""
        return cls._of(((Counted.PERSON, str(pk)),))

    @classmethod
    def _of(cls, subjects: Iterable[tuple[Counted, str]]) -> Attempt:
        return cls(tuple(sorted((kind, f"{kind}:{_bucket(kind, text):x}") for kind, text in subjects)))


def admit(attempt: Attempt) -> None:
    """Let one attempt through, counted as a failure until `succeeded` says otherwise: attempts made at the
    same time cannot all slip past.

    Raises TooManyAttempts with the seconds to wait; its `news` is true at most once a minute, for the audit
    trail.
    """
    now = clock.now()
    with transaction.atomic():
        rows = _locked(attempt, now)
        wait = max(row.open_at for row in rows) - now
        if wait <= timedelta(0):
            for row, (kind, _) in zip(rows, attempt.buckets, strict=True):
                _count(row, FREE[kind], now)
            return
        news = any(row.told_at is None or row.told_at <= now - LONGEST for row in rows)
        if news:
            SignInCount.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=now)
    raise TooManyAttempts(seconds=math.ceil(wait.total_seconds()), news=news)


def succeeded(attempt: Attempt) -> None:
    """The password was right: what was counted against this person is forgotten. An address keeps its earlier
    failures: whoever has an account of their own could else guess those of others for ever."""
    with transaction.atomic():
        for row, (kind, _) in zip(_locked(attempt, clock.now()), attempt.buckets, strict=True):
            row.failures = max(row.failures - 1, 0) if kind == Counted.ADDRESS else 0
            row.open_at = clock.now()
            row.save(update_fields=["failures", "open_at"])


def _locked(attempt: Attempt, now: datetime) -> list[SignInCount]:
    """The rows of an attempt, in an order in which two attempts cannot wait for each other."""
    names = [bucket for _, bucket in attempt.buckets]
    fresh = [SignInCount(bucket=name, open_at=now) for name in names]
    SignInCount.objects.bulk_create(fresh, ignore_conflicts=True)
    found = {
        row.bucket: row for row in SignInCount.objects.select_for_update().filter(pk__in=names).order_by("pk")
    }
    return [found[name] for name in names]


def _count(row: SignInCount, free: int, now: datetime) -> None:
    row.failures = 1 if now - row.open_at > FORGOTTEN else row.failures + 1
    over = row.failures - free
    row.open_at = now + min(timedelta(seconds=2 ** min(over, 10)), LONGEST) if over >= 0 else now
    row.save(update_fields=["failures", "open_at"])


def _bucket(kind: Counted, text: str) -> int:
    """Keyed, so that nobody can find a name that shares a bucket with somebody else's."""
    secret = str(settings.SECRET_KEY)
    key = f"sign-in:{secret}".encode()
    return int.from_bytes(hmac.new(key, f"{kind}:{text}".encode(), hashlib.sha256).digest()[:8]) % BUCKETS
