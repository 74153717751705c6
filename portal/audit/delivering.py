"""Sending what waits: one claim, one attempt, one outcome."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from portal.audit import email, webhook
from portal.audit.models import Delivery
from portal.audit.recording import record
from portal.audit.undelivered import Undelivered, Unreachable
from portal.core import clock

log = structlog.get_logger(__name__)

Channel, State = Delivery.Channel, Delivery.State
SENDERS: Mapping[str, Callable[[Delivery], None]] = {Channel.EMAIL: email.send, Channel.WEBHOOK: webhook.send}
# an attempt takes 15 s at the most; one that has not been heard of for so long is due again
ATTEMPT = timedelta(minutes=1)
# after each attempt that failed; then it is given up, 20 hours after the first
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 2 * 3600, 5 * 3600, 12 * 3600)
)
# those that failed, and those of which nobody ever heard
MOST_ATTEMPTS = 3 * len(PAUSES)
JITTER = 0.2
BATCH, RUN_SECONDS = 200, 30.0


def deliver_due() -> int:
    """Send what is due. How many were sent; the rest of a channel that is out of order waits for the next
    run, so that nobody waits for one timeout after another."""
    broken: set[str] = set()
    sent, end = 0, time.monotonic() + RUN_SECONDS
    for delivery_id, channel in Delivery.objects.due(clock.now()).values_list("pk", "channel")[:BATCH]:
        if channel in broken or time.monotonic() > end:
            continue
        delivery = take(delivery_id)
        if delivery is None:
            continue
        try:
            attempt(delivery)
        except Unreachable:
            broken.add(channel)
        except Exception:  # nobody else's notice may suffer from it; this one is due again in a minute
            log.exception("notice_not_sent", delivery=str(delivery_id))
        sent += delivery.state == State.SENT
    return sent


def take(delivery_id: UUID) -> Delivery | None:
    """Claim a due delivery; None: not due, taken, or settled meanwhile."""
    seen = look(delivery_id)
    return seen if seen is not None and claim(seen) else None


def look(delivery_id: UUID) -> Delivery | None:
    """The delivery, if it is due."""
    rows = Delivery.objects.select_related("notification__user")
    return rows.due(clock.now()).filter(pk=delivery_id).first()


def claim(seen: Delivery) -> bool:
    """Count the attempt and put the next one off, unless somebody else did so since it was looked at."""
    count, again = seen.attempts + 1, clock.now() + ATTEMPT
    rows = Delivery.objects.filter(pk=seen.pk, state=State.WAITING, attempts=seen.attempts)
    if not rows.update(attempts=count, next_attempt_at=again):
        return False
    seen.attempts, seen.next_attempt_at = count, again
    return True


def attempt(delivery: Delivery) -> None:
    """Send a claimed delivery and write down what came of it. Raises Unreachable, after writing, where the
    channel is out of order."""
    why_not = unwanted(delivery)
    if why_not:
        settle(delivery, State.DROPPED, why_not)
        return
    if delivery.attempts > MOST_ATTEMPTS:
        settle(delivery, State.FAILED, "No attempt came to an end.")
        return
    try:
        SENDERS[delivery.channel](delivery)
    except Undelivered as exc:
        if isinstance(exc, Unreachable) and delivery.attempts <= len(PAUSES):
            put_off(delivery, str(exc), exc.wait)
        else:
            settle(delivery, State.FAILED, str(exc))
        if isinstance(exc, Unreachable):
            raise
        return
    settle(delivery, State.SENT)


def unwanted(delivery: Delivery) -> str:
    """Why it need not be sent any more, or nothing."""
    notification = delivery.notification
    if delivery.channel == Channel.WEBHOOK:
        return "" if settings.SLIPWAY_WEBHOOK_URL else "The webhook is not set up any more."
    if not settings.SLIPWAY_EMAIL_FROM:
        return "E-mail is not set up any more."
    if notification is None or not (notification.user.is_active and notification.user.email):
        return "The person has no address any more."
    return "It was read meanwhile." if notification.read_at else ""


def put_off(delivery: Delivery, error: str, wait: timedelta = timedelta()) -> None:
    """The next attempt, later each time and not before `wait`, never all at the same moment."""
    pause = PAUSES[delivery.attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 no secret
    _write(delivery, next_attempt_at=clock.now() + max(pause, wait), last_error=error[:300])


def settle(delivery: Delivery, state: str, error: str = "") -> None:
    """Sent, given up or not wanted any more. Giving up is audited."""
    with transaction.atomic():
        moment: datetime = clock.now()
        if not _write(delivery, state=state, finished_at=moment, last_error=error[:300]):
            return
        delivery.state = state
        if state == State.FAILED:
            told = {"channel": delivery.channel, "attempts": delivery.attempts, "error": error[:300]}
            record("notification.undelivered", delivery, actor=None, after={**delivery.message, **told})


def _write(delivery: Delivery, **values: object) -> int:
    """Only while the claim stands: nobody has counted another attempt since."""
    return Delivery.objects.filter(pk=delivery.pk, state=State.WAITING, attempts=delivery.attempts).update(
        **values
    )
