"""Browsers that are signed in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class BrowserSession(AbstractBaseSession):
    """A session that knows whose it is, so that one can look at one's own and end them.

    `session_key` is a digest of the key in the cookie: whoever reads this table cannot be anybody.
    `expire_date` is the earlier of the two ends: nothing was done for a while, or it has lasted long enough.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="browser_sessions"
    )
    handle = models.UUIDField(unique=True, help_text="Names it on pages; its key is never shown to anybody.")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    agent = models.CharField(max_length=200, blank=True, help_text="What the browser says that it is.")
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.user}: {self.agent}"
