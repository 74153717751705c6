"""What people say beside a change."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.lifecycle.models.change import ChangeRequest


class CommentQuerySet(models.QuerySet["ChangeComment"]):
    def standing(self) -> CommentQuerySet:
        """Asks for another release than the one that is still sealed: nothing is approved before they are
        answered."""
        return self.filter(asks_change=True, settled_at=None, digest=models.F("change__seal"))


class ChangeComment(models.Model):
    """A remark; or, from somebody who may decide, the wish that the change be another one."""

    change = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()
    asks_change = models.BooleanField(default=False)
    digest = models.CharField(max_length=71, blank=True, help_text="The seal that it was said of.")
    settled_at = models.DateTimeField(null=True, help_text="When whoever asked for a change took it back.")

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.author} on change {self.change_id}"
