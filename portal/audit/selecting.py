"""Ways to narrow the trail that pages, API and command share."""

from __future__ import annotations

import re

from django.db.models import Q, QuerySet

from portal.audit.actions import ACTIONS
from portal.audit.models import AuditEvent

NOUNS = tuple(sorted({action.partition(".")[0] for action in ACTIONS}))
_PREFIX = re.compile(r"[a-z_]{1,40}(\.[a-z_]{0,40})?")


def saying(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """What is about `text`, or has it in its comment."""
    return rows.filter(Q(object_label__icontains=text) | Q(comment__icontains=text))


def of_action(rows: QuerySet[AuditEvent], action: str) -> QuerySet[AuditEvent]:
    """One action, or all of a noun: `change.approved`, `change.`"""
    return rows.filter(action__startswith=action) if action.endswith(".") else rows.filter(action=action)


def is_prefix(text: str) -> bool:
    return _PREFIX.fullmatch(text) is not None
