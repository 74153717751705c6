"""Choosing how a policy acts in an environment."""

from __future__ import annotations

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.audit.recording import record
from portal.core import clock
from portal.core.errors import NotFound, StateConflict, ValidationFailed
from portal.environments.models import Cluster, Environment, PolicyMode
from portal.lifecycle.selectors import bundle
from portal.policy.modes import MODES, Mode, mode_in

FOLDER = "folder"


def mode_of(policy: str, environment: Environment) -> Mode:
    """The mode that is in force. Raises NotFound for a policy that is not there."""
    for known, bindings in bundle.current().bound:
        if known.name == policy:
            return mode_in(bindings, environment.namespace_labels())
    raise NotFound(f"There is no policy {policy!r}.")


def set_mode(
    policy: str, environment: Environment, mode: str, *, actor: User, reason: str, seen: str | None = None
) -> Mode:
    """Put a policy into a mode in one environment; "folder" returns to what the policy folder says.

    `seen` is the mode that the person saw in force: with another one meanwhile nothing is changed. Returns
    the mode in force. Raises NotPermitted, NotFound, ValidationFailed, StateConflict, ModeImpossible.
    """
    require(actor, Verb.CURATE)
    if mode not in (*MODES, FOLDER):
        raise ValidationFailed.at("/mode", f"Must be one of {', '.join((*MODES, FOLDER))}.", "unknown")
    if not reason.strip():
        raise ValidationFailed.at("/reason", "Say why: it is kept in the audit trail.", "required")
    with transaction.atomic():
        # the row is touched first, so that two people's changes queue up
        Environment.objects.filter(pk=environment.pk).update(order=environment.order)
        before = mode_of(policy, environment)
        if seen is not None and seen != before:
            raise StateConflict(f"{policy} is in mode {before} in {environment} by now. Look again.")
        _write(policy, environment, mode, actor, reason.strip())
        after = mode_of(policy, environment)
        record(
            "policy.mode_changed",
            environment,
            actor=actor,
            before={"policy": policy, "mode": before},
            after={"policy": policy, "mode": after, "by": FOLDER if mode == FOLDER else "portal"},
            comment=reason.strip(),
        )
        Cluster.objects.filter(policies_installed=True).update(policies_digest="")
    return after


def _write(policy: str, environment: Environment, mode: str, actor: User, reason: str) -> None:
    if mode == FOLDER:
        PolicyMode.objects.filter(policy=policy, environment=environment).delete()
        return
    PolicyMode.objects.update_or_create(
        policy=policy,
        environment=environment,
        defaults={"mode": mode, "reason": reason, "set_by": actor, "set_at": clock.now()},
    )
