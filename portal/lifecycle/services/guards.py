"""Choosing what a cluster does about writes around the gate of an environment."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.clusters.metadata import Identity
from portal.core import clock
from portal.core.errors import StateConflict, ValidationFailed
from portal.environments.models import Cluster, Environment
from portal.lifecycle.models import GuardState
from portal.lifecycle.operations import guarding
from portal.lifecycle.operations.placing import Step
from portal.policy.guard_actors import DEPLOYER

Guard = Environment.Guard
SERVICE_ACCOUNT = re.compile(
    r"system:serviceaccount:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?:[a-z0-9][-.a-z0-9]{0,252}"
)
MOST_CONTROLLERS = 50


class AuditFirst(StateConflict):
    """Deny was asked for before audit has ever been in force there."""

    code = "guard_audit_first"
    default_message = (
        "Deny comes after audit: whoever writes around the gate today would be cut off without a warning. "
        "Set audit first, wait until it is in force in the cluster, and look at the bypasses that were seen."
    )


def set_mode(
    environment: Environment,
    mode: str,
    *,
    reason: str,
    actor: User | None,
    seen: str | None = None,
    controllers: Sequence[str] | None = None,
) -> GuardState:
    """Set the guard of one environment; the clusters are brought up to date soon after, by a task.

    `controllers` are service accounts of operators that may write too; None leaves them as they are. `seen`
    is the mode that the person saw: with another one meanwhile nothing is changed. Without an actor it is the
    platform's own command line. Raises NotPermitted, ValidationFailed, StateConflict, AuditFirst.
    """
    if actor is not None:
        require(actor, Verb.CURATE)
    _check(mode, reason)
    named = None if controllers is None else _named(controllers)
    with transaction.atomic():
        # the row is touched first, so that two people's changes queue up
        Environment.objects.filter(pk=environment.pk).update(order=environment.order)
        row = Environment.objects.get(pk=environment.pk)
        state, _ = GuardState.objects.get_or_create(environment=row)
        if seen is not None and seen != row.guard:
            raise StateConflict(f"The guard of {row} is {row.guard} by now. Look again.")
        named = state.controllers if named is None else named
        if mode == row.guard and named == state.controllers:
            return state
        if mode == Guard.DENY and state.audited_at is None:
            raise AuditFirst
        return _write(row, state, mode, named, reason.strip(), actor)


def look_again(environment: Environment, *, actor: User) -> list[Step]:
    """Compare the cluster with what belongs there, and note it. Raises NotPermitted, ClusterError."""
    require(actor, Verb.CURATE)
    return guarding.look_for_drift(environment.cluster)


def portal_in(environment: Environment, *, actor: User) -> Identity:
    """Who the guard lets through as the portal. Raises NotPermitted, ClusterError."""
    require(actor, Verb.CURATE)
    return guarding.portal_in(environment.cluster)


def put_right(environment: Environment, *, actor: User) -> list[Step]:
    """Apply again what somebody changed or removed there. Raises NotPermitted, ClusterError."""
    require(actor, Verb.CURATE)
    return guarding.install(environment.cluster, actor=actor)


def _check(mode: str, reason: str) -> None:
    if mode not in Guard.values:
        raise ValidationFailed.at("/mode", f"Must be one of {', '.join(Guard.values)}.", "unknown")
    if not reason.strip():
        raise ValidationFailed.at("/reason", "Say why: it is kept in the audit trail.", "required")


def _named(controllers: Sequence[str]) -> list[str]:
    """Sorted, each once. People are never let through: they have the portal."""
    names = sorted({name.strip() for name in controllers} - {""})
    wrong = [name for name in names if not SERVICE_ACCOUNT.fullmatch(name) or name.endswith(f":{DEPLOYER}")]
    if wrong:
        raise ValidationFailed.at(
            "/controllers",
            f"{wrong[0][:120]!r} is not an operator's service account: write "
            "system:serviceaccount:NAMESPACE:NAME, one for each.",
            "invalid",
        )
    if len(names) > MOST_CONTROLLERS:
        raise ValidationFailed.at("/controllers", f"At most {MOST_CONTROLLERS} can be named.", "too_many")
    return names


def _write(
    row: Environment,
    state: GuardState,
    mode: str,
    controllers: list[str],
    reason: str,
    actor: User | None,
) -> GuardState:
    before = {"mode": row.guard, "controllers": state.controllers}
    Environment.objects.filter(pk=row.pk).update(guard=mode)
    # the keeper takes first what was never looked at
    Cluster.objects.filter(pk=row.cluster_id).update(guard_checked_at=None)
    state.since, state.set_by, state.reason, state.controllers = clock.now(), actor, reason, controllers
    state.save(update_fields=["since", "set_by", "reason", "controllers"])
    after = {"mode": mode, "controllers": controllers}
    record("gate.guard_changed", row, actor=actor, before=before, after=after, comment=reason)
    return state
