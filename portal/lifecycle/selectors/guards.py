"""How the guard of an environment stands: what was set, what the cluster has, and what went around."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Count, QuerySet

from portal.accounts.models import User
from portal.environments.models import Environment
from portal.lifecycle.models import Bypass, GuardState

# what the cluster has of it: nothing wanted, to be installed, as set, changed by hand, could not be installed
Standing = Literal["off", "coming", "in_force", "drifted", "failed"]
RECENT = 50
NOTHING = GuardState()


@dataclass(frozen=True)
class Guard:
    """One environment's guard, ready to be shown. `message` says why it is not as it should be."""

    environment: Environment
    state: GuardState
    bypass_count: int

    @property
    def mode(self) -> str:
        return self.environment.guard

    @property
    def standing(self) -> Standing:
        cluster = self.environment.cluster
        if cluster.guard_checked_at is None:
            return "coming" if self.mode != Environment.Guard.OFF or cluster.guard_digest else "off"
        if self.mode == Environment.Guard.OFF:
            return "off"
        if not cluster.guard_digest:
            return "failed" if cluster.guard_message else "coming"
        if not cluster.guard_message:
            return "in_force"
        return "drifted" if cluster.guard_message.endswith("differ from what belongs here.") else "failed"

    @property
    def message(self) -> str:
        return self.environment.cluster.guard_message if self.standing in ("drifted", "failed") else ""

    @property
    def checked_at(self) -> datetime | None:
        return self.environment.cluster.guard_checked_at

    @property
    def since(self) -> datetime | None:
        return self.state.since

    @property
    def set_by(self) -> User | None:
        return self.state.set_by

    @property
    def reason(self) -> str:
        return self.state.reason

    @property
    def controllers(self) -> list[str]:
        return list(self.state.controllers)

    @property
    def may_deny(self) -> bool:
        """Whether audit has been in force here before."""
        return self.state.audited_at is not None

    @property
    def watched_at(self) -> datetime | None:
        return self.state.watched_at

    @property
    def watch_message(self) -> str:
        return self.state.message

    @property
    def is_watched(self) -> bool:
        return self.environment.is_gated or self.mode != Environment.Guard.OFF


def every() -> list[Guard]:
    """All environments', in their order; one query."""
    rows = Environment.objects.select_related("cluster", "guard_state__set_by").defer("cluster__kubeconfig")
    return [_guard(row) for row in rows.annotate(bypass_count=Count("bypasses")).order_by("order")]


def of(environment: Environment) -> Guard:
    """One environment's; one query."""
    rows = Environment.objects.select_related("cluster", "guard_state__set_by").defer("cluster__kubeconfig")
    return _guard(rows.annotate(bypass_count=Count("bypasses")).get(pk=environment.pk))


def bypasses(environment: Environment) -> QuerySet[Bypass]:
    """Those seen, newest first."""
    return Bypass.objects.filter(environment=environment).for_lists()


def _guard(row: Environment) -> Guard:
    state = getattr(row, "guard_state", None)
    return Guard(row, state or NOTHING, row.bypass_count)  # type: ignore[attr-defined]  # annotated
