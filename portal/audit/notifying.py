"""The one way to tell people something."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.text import Truncator

from portal.accounts.models import User
from portal.audit import storable, tasks
from portal.audit.models import AuditEvent, Delivery, Notification, NotificationPreference
from portal.core import clock

Wanted = NotificationPreference.Email
LONGEST = {"topic": 60, "text": 300, "url": 300, "key": 150}


def notify(
    users: Iterable[User],
    *,
    topic: str,
    text: str,
    url: str,
    key: str,
    urgent: bool = False,
    event: AuditEvent | None = None,
) -> list[Notification]:
    """Tell each of `users` once, inside the caller's transaction; answers what is new.

    `text` is one plain sentence without secrets, `url` a path of the portal. `key` says what is the same:
    a second call with it tells nobody twice, neither here nor by e-mail nor to the webhook (which hears of
    it once, even when `users` is empty). Nothing is sent before the transaction has ended.
    A sentence that is too long is cut; raises ValueError for a `url` that leads elsewhere, and for a `topic`,
    `url` or `key` that is empty or too long.
    """
    _check(topic=topic, url=url, key=key)
    now = clock.now()
    sentence = Truncator(" ".join(storable.text(text).split())).chars(LONGEST["text"])
    content: dict[str, Any] = {"topic": topic, "text": sentence, "url": url, "urgent": urgent}
    people = {user.pk: user for user in users if user.is_active}
    with transaction.atomic():
        fresh = _tell(people, key=key, created_at=now, event=event, **content)
        if _send(fresh, key, {**content, "at": now.isoformat(timespec="seconds")}):
            transaction.on_commit(tasks.wake_deliveries)
    return fresh


def _check(**words: str) -> None:
    for name, value in words.items():
        longest = LONGEST[name]
        if not value or len(value) > longest:
            raise ValueError(f"{name} of a notification must have 1 to {longest} characters: {value!r}")
    if not words["url"].startswith("/") or words["url"].startswith("//"):
        raise ValueError(f"a notification leads to a path of the portal, not to {words['url']!r}")


def _tell(people: dict[int, User], **content: Any) -> list[Notification]:
    """Rows for those who have not been told yet."""
    rows = [Notification(user=people[pk], **content) for pk in sorted(people)]  # one order: no deadlocks
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    new = set(Notification.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    return [row for row in rows if row.pk in new]


def _send(fresh: list[Notification], key: str, message: dict[str, Any]) -> bool:
    """Rows for the channels out of the portal that are set up. Whether there are any."""
    due = clock.now()
    sending = [
        Delivery(
            channel=Delivery.Channel.EMAIL,
            key=f"{row.user_id}:{key}",
            notification=row,
            message=message,
            next_attempt_at=due,
        )
        for row in _by_email(fresh)
    ]
    if settings.SLIPWAY_WEBHOOK_URL:
        channel = Delivery.Channel.WEBHOOK
        sending.append(Delivery(channel=channel, key=key, message=message, next_attempt_at=due))
    Delivery.objects.bulk_create(sending, ignore_conflicts=True)
    return bool(sending)


def _by_email(fresh: list[Notification]) -> list[Notification]:
    """Those whose person has an address and wants this by e-mail."""
    if not settings.SLIPWAY_EMAIL_FROM or not fresh:
        return []
    chosen = dict(
        NotificationPreference.objects.filter(user__in=[row.user_id for row in fresh]).values_list(
            "user_id", "email"
        )
    )
    wanted = {Wanted.ALL, Wanted.URGENT} if fresh[0].urgent else {Wanted.ALL}
    return [row for row in fresh if row.user.email and chosen.get(row.user_id, Wanted.URGENT) in wanted]
