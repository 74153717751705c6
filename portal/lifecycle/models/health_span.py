"""How an instance was, and for how long."""

from __future__ import annotations

from django.db import models

from portal.lifecycle.models.instance import ServiceInstance
from portal.lifecycle.models.release import Release
from portal.lifecycle.states import Health


class HealthSpan(models.Model):
    """A stretch of time in which an instance ran one release and was in one health. The last one is open."""

    instance = models.ForeignKey(ServiceInstance, on_delete=models.CASCADE, related_name="health_spans")
    release = models.ForeignKey(Release, null=True, on_delete=models.CASCADE, related_name="health_spans")
    health = models.CharField(max_length=8, choices=Health.choices)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["began_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance"], condition=models.Q(ended_at=None), name="one_open_health_span"
            )
        ]
        indexes = [models.Index(fields=["release", "began_at"], name="health_span_by_release")]

    def __str__(self) -> str:
        return f"{self.instance_id} {self.health} since {self.began_at:%Y-%m-%d %H:%M}"
