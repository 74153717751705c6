"""An approved change waits by itself while its environment is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal.environments.schedules import schedule_of
from portal.environments.windows import WindowState
from portal.lifecycle.models import BreakGlass, ChangeRequest
from portal.lifecycle.states import ChangeState, Phase

# a window that is moved or ended is noticed after this long at the latest
LOOK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Hold:
    """Until when a change is put back, and the line that says what it waits for."""

    until: datetime
    text: str


def hold_at(change: ChangeRequest, now: datetime) -> Hold | None:
    """What keeps a change that would start now from starting; None when it may.

    One under way goes on: to stop in the middle would be worse than to finish. Nor is one held whose gate was
    passed in an emergency.
    """
    if _is_under_way(change):
        return None
    state = schedule_of(change.environment).state_at(now)
    if state.open or BreakGlass.objects.filter(change=change, digest=change.seal).exists():
        return None
    soon = now + LOOK_AGAIN
    return Hold(min(state.ends, soon) if state.ends else soon, _line(change, state))


def _is_under_way(change: ChangeRequest) -> bool:
    if change.state == ChangeState.QUEUED:
        return False
    return change.phase != Phase.APPLYING or change.rollouts.exists()


def _line(change: ChangeRequest, state: WindowState) -> str:
    """As in "waiting on …"."""
    if state.ends is None:
        return f"an opening of {change.environment}, none of which is in sight: {state.reason}"[:300]
    local = state.ends.astimezone(ZoneInfo(state.time_zone))
    return f"the opening of {change.environment} at {local:%a %d %b %Y, %H:%M %Z} ({state.reason})"[:300]
