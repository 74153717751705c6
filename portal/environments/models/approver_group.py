"""Who among the operators decides at some gates."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ApproverGroup(models.Model):
    """A named group of operators: release managers, security, whoever has to be one of those who approve."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="approver_groups")

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name
