"""One raise of a team's quota: what it would come to, and the decision on it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.audit.models import AuditEvent
from portal.lifecycle.models import QuotaRaise
from portal.lifecycle.operations.pool_simulation import simulate
from portal.lifecycle.pool_states import RaiseState
from portal.lifecycle.selectors import pools
from portal.lifecycle.services.pools import raising
from portal.web.forms.pools import CommentForm


def raise_of(user: User, pk: int) -> QuotaRaise:
    rows = pools.raises(user).select_related("pool__environment__cluster", "requested_by__responsible")
    return get_object_or_404(rows, pk=pk)


def context(
    user: User, asked: QuotaRaise, form: CommentForm | None = None, acting: str = ""
) -> dict[str, Any]:
    """`acting` names what was tried with `form`, so that its errors are shown there."""
    waits = asked.state == RaiseState.REQUESTED
    why_not = raising.why_may_not_decide(asked, user)
    return {
        "asked": asked,
        "waits": waits,
        "stale": waits and asked.pool.limits != asked.before,
        "outlook": simulate(asked.pool, asked.limits) if waits else None,
        "changed": [(name, asked.before.get(name, ""), limit) for name, limit in asked.limits.items()],
        "why_not": why_not,
        "may_decide": waits and why_not is None,
        "may_withdraw": waits and user.access.may(Verb.REQUEST, asked.team_id),
        "deciders": [each.username for each in pools.deciders(asked)] if waits else [],
        "events": _events(asked, user),
        "form": form or CommentForm(),
        "acting": acting,
    }


def _events(asked: QuotaRaise, user: User) -> QuerySet[AuditEvent]:
    about = AuditEvent.objects.visible_to(user).filter(object_type="QuotaRaise", object_id=str(asked.pk))
    return about.order_by("at", "id")
