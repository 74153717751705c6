"""What remains of an instance whose only change never ran: nothing."""

from __future__ import annotations

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, ServiceInstance
from portal.lifecycle.states import Health


def abandon(change: ChangeRequest) -> None:
    """Free the name of an instance that was only ever wished for; others stay as they are."""
    ServiceInstance.objects.filter(pk=change.subject.pk, current_release=None).exclude(
        changes__started_at__isnull=False
    ).update(retired_at=clock.now(), health=Health.QUIET, health_message="It was never made.")
