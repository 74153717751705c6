"""The one way to write an audit event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.db import transaction

from portal.accounts.models import User
from portal.audit import lanes
from portal.audit.actions import ACTIONS
from portal.audit.context import current
from portal.audit.judging import link_hash
from portal.audit.models import AuditEvent
from portal.audit.storable import storable, text
from portal.core import clock
from portal.core.masking import mask_secrets, mask_text

PORTAL = "slipway"
# what the portal does because somebody asked for it; the rest it does by itself
FOR_REQUESTER = frozenset({"change.started", "change.succeeded", "change.failed"})


class Recordable(Protocol):
    """What an event can be about."""

    pk: Any


def record(
    action: str,
    subject: Recordable,
    *,
    actor: User | None,
    on_behalf_of: User | None = None,
    team_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    comment: str = "",
) -> AuditEvent:
    """Append an event to the chain inside the caller's transaction. `actor=None` is the portal itself;
    where it carries out what somebody asked for, that is `on_behalf_of` without being said.

    `before` and `after` must already be masked; what still looks like a secret is masked here. Raises
    ValueError for an action that docs/audit.md does not list, and TrailUnavailable.
    """
    if action not in ACTIONS:
        raise ValueError(f"undeclared audit action {action!r}; add it to portal/audit/actions.py")
    context = current()
    carries_out = actor is None and action in FOR_REQUESTER
    if on_behalf_of is None and carries_out:
        on_behalf_of = getattr(subject, "requested_by", None)
    event = AuditEvent(
        at=clock.now(),
        action=action,
        actor=actor,
        actor_name=text(actor.username) if actor else PORTAL,
        on_behalf_of=on_behalf_of,
        on_behalf_of_name=text(on_behalf_of.username) if on_behalf_of else "",
        source=context.source,
        request_id=(_asked_by(subject) if carries_out else "") or context.request_id[:64],
        team_id=team_id if team_id is not None else getattr(subject, "team_id", None),
        object_type=type(subject).__name__,
        object_id=str(subject.pk),
        object_label=text(str(subject))[:200],
        before=_clean(before),
        after=_clean(after),
        comment=mask_text(text(comment)),
    )
    with transaction.atomic(savepoint=False):
        append(event)
    return event


def append(event: AuditEvent) -> None:
    """Put the event behind the last one of a free lane. Must be called in a transaction."""
    place = lanes.take()
    event.lane, event.sequence, event.previous_hash = place.lane, place.sequence, place.previous
    event.digest = event.computed_digest()
    event.hash = link_hash(place.lane, place.sequence, place.previous, event.digest)
    event.save(force_insert=True)


def _clean(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else mask_secrets(storable(values))


def _asked_by(subject: Recordable) -> str:
    """The request id under which the subject was asked for: what a worker does is found by it."""
    events = AuditEvent.objects.filter(object_type=type(subject).__name__, object_id=str(subject.pk))
    return events.filter(action="change.requested").values_list("request_id", flat=True).first() or ""
