"""What one person is told, and how they want to be told."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from portal.accounts.models import User
from portal.audit.models.event import AuditEvent


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User | AnonymousUser) -> NotificationQuerySet:
        """One's own, and nobody else's."""
        return self.filter(user=user) if isinstance(user, User) else self.none()

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)

    def for_listing(self) -> NotificationQuerySet:
        """Unread first, then the newest."""
        unread = models.ExpressionWrapper(Q(read_at=None), models.BooleanField())
        return self.order_by(unread.desc(), "-created_at", "-id")


class Notification(models.Model):
    """One sentence with a link. Telling the same person the same thing again changes nothing: `key` says
    what is the same."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(  # the indexes below begin with it
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    key = models.CharField(max_length=150, help_text="What this is about; once for each person.")
    event = models.ForeignKey(AuditEvent, null=True, on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=60, help_text="noun.verb, such as change.waiting")
    text = models.CharField(max_length=300, help_text="One plain sentence.")
    url = models.CharField(max_length=300, help_text="The path of the page that it leads to.")
    urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="notification_once"),
            models.CheckConstraint(
                condition=Q(url__startswith="/") & ~Q(url__startswith="//"), name="notification_leads_to_us"
            ),
        ]
        indexes = [
            models.Index(
                fields=["user", "-created_at", "-id"], name="notification_unread", condition=Q(read_at=None)
            ),
            models.Index(fields=["user", "-created_at", "-id"], name="notification_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} for {self.user}: {self.text}"


class NotificationPreference(models.Model):
    """What a person wants by e-mail. Without a row: what is urgent."""

    class Email(models.TextChoices):
        NONE = "none", "Nothing"
        URGENT = "urgent", "What is urgent"
        ALL = "all", "Everything"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preference"
    )
    email = models.CharField(max_length=6, choices=Email.choices, default=Email.URGENT)

    def __str__(self) -> str:
        return f"{self.user}: {self.get_email_display()} by e-mail"
