"""A notice on its way out of the portal."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models

from portal.audit.models.notification import Notification


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, moment: datetime) -> DeliveryQuerySet:
        """What may be tried now, the longest due first."""
        return self.filter(state=Delivery.State.WAITING, next_attempt_at__lte=moment).order_by(
            "next_attempt_at", "id"
        )


class Delivery(models.Model):
    """One notice through one channel.

    An attempt is claimed by counting it and putting the next one off: a worker that dies leaves a delivery
    that is due again by itself, and what it might still write does not fit the count any more.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"  # given up
        DROPPED = "dropped"  # not wanted any more: read meanwhile, or the channel was taken away

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.CharField(max_length=7, choices=Channel.choices)
    key = models.CharField(max_length=180, help_text="Of the notice; with the person's id for an e-mail.")
    notification = models.ForeignKey(
        Notification,
        null=True,
        on_delete=models.CASCADE,
        related_name="deliveries",
        help_text="Of an e-mail: what it tells. A webhook is told once, however many people are.",
    )
    message = models.JSONField(help_text="What is told: topic, text, url (a path), urgent, at.")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="delivery_once")]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="delivery_due",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.key}"
