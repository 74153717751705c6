"""Retiring in two steps: announce, look at the consequences, then confirm with the name (a change of its
own)."""

from __future__ import annotations

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import ChangeUnderWay, StateConflict
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.selectors import instances

KEEPS_DATA = {"StatefulSet"}


def announce(instance: ServiceInstance, *, actor: User) -> ServiceInstance:
    """First step. Announcing twice is harmless. Raises NotPermitted, StateConflict, ChangeUnderWay."""
    require(actor, Verb.REQUEST, instance.application.team_id)
    if instance.retired_at is not None:
        raise StateConflict(f"{instance} is retired already.")
    if instance.changes.active().exists():
        raise ChangeUnderWay
    with transaction.atomic():
        rows = ServiceInstance.objects.filter(pk=instance.pk, retired_at=None, retirement_announced_at=None)
        if rows.update(retirement_announced_at=clock.now(), retirement_announced_by=actor):
            record("retirement.announced", instance, actor=actor)
    instance.refresh_from_db()
    return instance


def withdraw(instance: ServiceInstance, *, actor: User) -> ServiceInstance:
    """Take the announcement back. Raises NotPermitted, ChangeUnderWay."""
    require(actor, Verb.REQUEST, instance.application.team_id)
    if instance.changes.active().exists():
        raise ChangeUnderWay
    with transaction.atomic():
        rows = ServiceInstance.objects.filter(pk=instance.pk, retired_at=None).exclude(
            retirement_announced_at=None
        )
        if rows.update(retirement_announced_at=None, retirement_announced_by=None):
            record("retirement.withdrawn", instance, actor=actor)
    instance.refresh_from_db()
    return instance


def consequences(instance: ServiceInstance) -> list[str]:
    """What confirming would do, in sentences."""
    release = instance.current_release
    if release is None:
        return ["Nothing runs, so only the name becomes free."]
    kinds: dict[str, int] = {}
    for document in release.objects_masked:
        kinds[document["kind"]] = kinds.get(document["kind"], 0) + 1
    removed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    found = [f"Removed from {instance.namespace}: {removed}."]
    if KEEPS_DATA & set(kinds):
        found.append(
            "Volumes that were claimed for its data stay in the namespace until somebody deletes them."
        )
    if instance.is_namespace:
        found.append(f"The whole namespace {instance.namespace} goes, with everything in it.")
        count = instances.in_namespace(instance.application, instance.environment).count()
        if count:
            found.append(f"{count} service(s) still live there; they have to be retired first.")
    if instance.environment.is_gated:
        found.append("An operator has to approve it.")
    return found
