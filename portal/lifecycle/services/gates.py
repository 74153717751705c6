"""Setting the rules of a gate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.digests import digest_of
from portal.core.errors import StateConflict, ValidationFailed
from portal.environments.models import ApproverGroup, Environment
from portal.environments.services import save_environment
from portal.lifecycle.operations import announcing
from portal.lifecycle.services.gate_rules import FIELDS, RELAXATIONS, problems


@transaction.atomic
def change_gate(
    environment: Environment, *, actor: User | None, reason: str, seen: str = "", **fields: Any
) -> Environment:
    """Set the given rules anew, `approver_groups` by slugs; the others stay. What waits is held to the new
    rules at once. All operators are told of a relaxation.

    `seen` is the `digest_of_rules` that was on screen; `actor=None` is the command line. Raises NotPermitted,
    StateConflict when the rules are others by now, and ValidationFailed with every error at once.
    """
    if actor is not None:
        require(actor, Verb.CURATE)
    # the row is touched first, so that two people's changes queue up
    Environment.objects.filter(pk=environment.pk).update(order=environment.order)
    before = rules_of(Environment.objects.get(pk=environment.pk))
    if seen and seen != digest_of(before):
        raise StateConflict("Somebody has changed this gate since you looked. Reload, then change it again.")
    after = {**before, **fields}
    errors = problems(after)
    if not reason.strip():
        message = "Say why: it is kept in the audit trail, and operators are told of relaxations."
        errors.append({"path": "/reason", "message": message, "code": "required"})
    if errors:
        raise ValidationFailed(errors)
    changed = {name for name in FIELDS if _plain(before[name]) != _plain(after[name])}
    if not changed:
        return environment
    given = {name: after[name] for name in changed if name != "approver_groups"}
    groups = ApproverGroup.objects.filter(slug__in=after["approver_groups"])
    saved = save_environment(
        slug=environment.slug,
        actor=actor,
        approver_groups=groups if "approver_groups" in changed else None,
        reason=reason.strip(),
        **given,
    )
    _announce(saved, actor, {name for name in changed & set(RELAXATIONS) if after[name]})
    return saved


def rules_of(environment: Environment) -> dict[str, Any]:
    """The rules of its gate as they are, by the names of the fields; groups as slugs."""
    rules = {name: getattr(environment, name) for name in FIELDS if name != "approver_groups"}
    return {**rules, "approver_groups": sorted(g.slug for g in environment.approver_groups.all())}


def digest_of_rules(environment: Environment) -> str:
    """Tells whether the rules are still those that were seen."""
    return digest_of(rules_of(environment))


def _announce(environment: Environment, actor: User | None, relaxed: Iterable[str]) -> None:
    said = [RELAXATIONS[name] for name in RELAXATIONS if name in set(relaxed)]
    if said:
        announcing.relaxed(environment, said, by=actor.username if actor else "The command line")


def _plain(value: Any) -> Any:
    return sorted(set(value)) if isinstance(value, list) else value
