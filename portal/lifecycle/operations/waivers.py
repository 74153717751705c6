"""Which exceptions may count where: rows as the engine's waivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from portal.accounts import fingerprint_keys
from portal.core import clock, pointers
from portal.core.digests import digest_of
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models import Application, PolicyException
from portal.policy.waivers import Waiver, Waivers


def for_instance(
    application: Application,
    environment: Environment,
    name: str,
    values: Mapping[str, Any] | None = None,
    *,
    now: datetime | None = None,
) -> Waivers:
    """The exceptions for what `name` is made of, with these values; those for a value need to be given it."""
    moment = now or clock.now()
    rows = (
        PolicyException.objects.honoured_at(moment)
        .filter(application=application, environment=environment, instance_name__in=("", name))
        .select_related("application", "environment")
    )
    return Waivers(tuple(row.as_waiver() for row in rows if _value_is_the_same(row, values)), moment, name)


def all_for(
    rows: Iterable[PolicyException], *, application_id: int, environment_id: int, name: str, now: datetime
) -> Waivers:
    """The same out of rows read before, for scans; those for a value are left to the caller's second look."""
    items = tuple(
        row.as_waiver()
        for row in rows
        if row.application_id == application_id
        and row.environment_id == environment_id
        and row.instance_name in ("", name)
    )
    return Waivers(items, now, name)


def in_cluster(cluster: Cluster, *, now: datetime | None = None) -> list[Waiver]:
    """What a cluster with the policies installed has to know. A value cannot be seen there: an exception for
    one holds for its instance or object."""
    rows = (
        PolicyException.objects.honoured_at(now or clock.now())
        .filter(environment__cluster=cluster)
        .select_related("application", "environment")
        .order_by("pk")
    )
    return [row.as_waiver() for row in rows]


def value_digest(value: Any) -> str:
    """A keyed digest, since the value may be one that is easily guessed."""
    return digest_of([fingerprint_keys.key_for("exception").hex(), value])


def _value_is_the_same(row: PolicyException, values: Mapping[str, Any] | None) -> bool:
    if not row.values_digest:
        return True
    if values is None:
        return False
    value = pointers.get(values, pointers.parse(row.values_path))
    return value is not pointers.ABSENT and value_digest(value) == row.values_digest
