"""Reading the log of what runs. It can hold what nobody masks: few may read it, and at a gate it is noted."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.models import AuditEvent
from portal.audit.recording import record
from portal.core import clock
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.operations import pod_logs
from portal.lifecycle.operations.pod_logs import PodLog

ACTION = "logs.read"
# whoever follows a log reads it every few seconds: that is one look
ONE_LOOK = timedelta(minutes=15)


def read(
    instance: ServiceInstance,
    *,
    actor: User,
    pod: str,
    container: str = "",
    previous: bool = False,
    lines: int = pod_logs.DEFAULT_LINES,
) -> PodLog:
    """The end of a container's log. In an environment with a gate each look is noted before it is shown.

    Raises NotPermitted (neither of the owning team nor an operator), NotFound and ClusterError.
    """
    require(actor, Verb.READ_LOGS, instance.team_id)
    found = pod_logs.read(instance, pod, container, previous=previous, lines=lines)
    if instance.environment.is_gated:
        note(instance, actor=actor, pod=pod, container=found.container.name)
    return found


@transaction.atomic
def note(instance: ServiceInstance, *, actor: User, pod: str, container: str) -> None:
    """Once for each look."""
    what = {"pod": pod, "container": container}
    lately = AuditEvent.objects.filter(
        object_type="ServiceInstance",
        object_id=str(instance.pk),
        at__gt=clock.now() - ONE_LOOK,
        action=ACTION,
        actor=actor,
        after=what,
    )
    if not lately.exists():
        record(ACTION, instance, actor=actor, team_id=instance.team_id, after=what)
