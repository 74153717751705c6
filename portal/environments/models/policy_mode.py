"""A policy's mode in one environment, where it differs from what the policy folder says."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.environments.models.environment import Environment


class PolicyMode(models.Model):
    """Overrides the folder's bindings of one policy in one environment; portal/policy/modes.py says how."""

    class Mode(models.TextChoices):
        OFF = "off", "Off"
        AUDIT = "audit", "Audit"
        WARN = "warn", "Warn"
        ENFORCE = "enforce", "Enforce"

    policy = models.CharField(max_length=253)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="policy_modes")
    mode = models.CharField(max_length=7, choices=Mode.choices)
    reason = models.TextField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["policy", "environment"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "environment"], name="policy_mode_once"),
            models.CheckConstraint(
                condition=models.Q(mode__in=["off", "audit", "warn", "enforce"]), name="policy_mode_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} in {self.environment.slug}: {self.mode}"
