"""How far the background has come with proving the trail."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from portal.audit.judging import Fault


class VerificationPass(models.Model):
    """One walk over all that was there at its beginning, in bounded steps.

    What it says is signed with the key of checkpoints: a row that somebody wrote by hand counts for nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    started_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0, help_text="Spent walking.")
    checked = models.PositiveBigIntegerField(default=0)
    goal = models.JSONField(help_text="{lane: sequence}: where it ends.")
    reached = models.JSONField(default=dict, help_text="{lane: [sequence, hash]}: proven up to here.")
    fault = models.JSONField(null=True, help_text="The first record that is wrong.")
    signature = models.CharField(max_length=100)

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["-started_at"], name="verification_newest")]

    def __str__(self) -> str:
        return f"{self.checked} of {self.total} records"

    @property
    def total(self) -> int:
        return sum(self.goal.values())

    @property
    def found(self) -> Fault | None:
        return Fault(**self.fault) if self.fault else None

    def statement(self) -> dict[str, Any]:
        """What is signed."""
        return {
            "id": str(self.id),
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "checked": self.checked,
            "goal": self.goal,
            "reached": self.reached,
            "fault": self.fault,
        }
