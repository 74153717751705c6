"""The one way to write an audit event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from portal.accounts.models import User
from portal.audit.actions import ACTIONS
from portal.audit.context import current
from portal.audit.models import AuditEvent
from portal.core import clock

PORTAL = "slipway"


class Recordable(Protocol):
    """What an event can be about."""

    pk: Any


def record(
    action: str,
    subject: Recordable,
    *,
    actor: User | None,
    team_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    comment: str = "",
) -> AuditEvent:
    """Append an event inside the caller's transaction. `actor=None` is the portal itself.

    `before` and `after` must already be masked. Raises ValueError for an action that docs/audit.md does
    not list.
    """
    if action not in ACTIONS:
        raise ValueError(f"undeclared audit action {action!r}; add it to portal/audit/actions.py")
    context = current()
    event = AuditEvent(
        at=clock.now(),
        action=action,
        actor=actor,
        actor_name=actor.username if actor else PORTAL,
        source=context.source,
        request_id=context.request_id,
        team_id=team_id if team_id is not None else getattr(subject, "team_id", None),
        object_type=type(subject).__name__,
        object_id=str(subject.pk),
        object_label=str(subject)[:200],
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        comment=comment,
    )
    event.digest = event.computed_digest()
    event.save(force_insert=True)
    return event
