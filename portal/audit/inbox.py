"""A person's own notices: which are unread, reading them, and what comes by e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from portal.accounts.models import User
from portal.audit.models import Delivery, Notification, NotificationPreference
from portal.audit.recording import record
from portal.core import clock

Wanted = NotificationPreference.Email
# read ones are forgotten after this; what they told stays in the audit trail
KEPT = timedelta(days=180)
# nobody needs a larger number, and it keeps the count cheap
COUNTED = 100


@dataclass(frozen=True)
class Unread:
    """What the bell shows; `count` goes up to COUNTED, `urgent` is about the newest of them."""

    count: int
    urgent: bool

    @property
    def label(self) -> str:
        return str(self.count) if self.count < COUNTED else f"{COUNTED - 1}+"


def unread_of(user: User) -> Unread:
    """One query, answered by the index of unread ones."""
    marks = Notification.objects.visible_to(user).unread().values_list("urgent", flat=True)[:COUNTED]
    return Unread(len(marks), any(marks))


def read(notification: Notification) -> None:
    """Mark it as read; again is harmless."""
    now = clock.now()
    if Notification.objects.filter(pk=notification.pk, read_at=None).update(read_at=now):
        notification.read_at = now


def read_all(user: User, *, until: datetime | None = None) -> int:
    """Mark those as read that were there at `until` (now): what has come since is not missed. How many."""
    now = clock.now()
    rows = Notification.objects.visible_to(user).unread()
    return rows.filter(created_at__lte=until or now).update(read_at=now)


def preference_of(user: User) -> NotificationPreference:
    """What was chosen, or what holds for whoever has not chosen (then not stored)."""
    found = NotificationPreference.objects.filter(user=user).first()
    return found or NotificationPreference(user=user)


def by_email(user: User) -> str:
    """In a sentence, what becomes of that choice."""
    if not settings.SLIPWAY_EMAIL_FROM:
        return "This portal sends no e-mail: your choice holds as soon as it does."
    return f"Sent to {user.email}." if user.email else "You have no e-mail address here, so nothing is sent."


@transaction.atomic
def prefer(user: User, *, email: str) -> NotificationPreference:
    """Choose what comes by e-mail: none, urgent or all."""
    before = preference_of(user).email
    preference, _ = NotificationPreference.objects.update_or_create(user=user, defaults={"email": email})
    if email != before:
        record("notification.preferred", user, actor=user, before={"email": before}, after={"email": email})
    return preference


def forget_old() -> int:
    """Remove what was read long ago, and deliveries that ended long ago. How many rows."""
    before = clock.now() - KEPT
    read, _ = Notification.objects.filter(read_at__lt=before).delete()
    ended, _ = Delivery.objects.filter(finished_at__lt=before).delete()
    return read + ended
