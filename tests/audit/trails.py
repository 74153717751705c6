"""A trail to tamper with."""

from __future__ import annotations

from portal.audit.models import AuditEvent
from portal.audit.recording import record
from tests.factories import TeamFactory


def write(count: int) -> list[AuditEvent]:
    """Records of one lane, each with something in every column."""
    team = TeamFactory()
    return [
        record(
            "session.opened",
            team,
            actor=None,
            team_id=team.pk,
            before={"n": n - 1, "list": [1, None, 0.5, "ü"]},
            after={"n": n, "nested": {"b": True, "a": "x"}},
            comment=f"number {n}",
        )
        for n in range(count)
    ]
