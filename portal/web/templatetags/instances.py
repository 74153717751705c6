"""Words for what happened to an instance."""

from __future__ import annotations

from django import template

from portal.audit.actions import ACTIONS
from portal.lifecycle.models import HealthSpan, Rollout
from portal.web import wording

register = template.Library()


@register.filter
def deed(action: str) -> str:
    """What an audit action means, as the head of a line; one that is not known any more names itself."""
    return ACTIONS.get(action, action).rstrip(".")


@register.filter
def lasted(subject: HealthSpan | Rollout) -> str:
    """How long it was so, or how long it took; "" while it goes on."""
    begin, end = (
        (subject.began_at, subject.ended_at)
        if isinstance(subject, HealthSpan)
        else (subject.started_at, subject.finished_at)
    )
    return wording.span(end - begin) if end is not None else ""
