"""One notice, and the delivery that it leads to."""

from __future__ import annotations

from datetime import datetime

from portal.accounts.models import User
from portal.audit.models import Delivery, Notification
from portal.audit.notifying import notify

START = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


def tell(*users: User, key: str = "glass 1", urgent: bool = True) -> list[Notification]:
    text = "Olga passed the gate of production for storefront."
    return notify(users, topic="gate.passed", text=text, url="/changes/1/", key=key, urgent=urgent)


def only() -> Delivery:
    return Delivery.objects.get()
