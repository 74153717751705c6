"""Words for what happened to an instance."""

from __future__ import annotations

from django import template

from portal.audit.actions import ACTIONS

register = template.Library()


@register.filter
def deed(action: str) -> str:
    """What an audit action means, as the head of a line; one that is not known any more names itself."""
    return ACTIONS.get(action, action).rstrip(".")
