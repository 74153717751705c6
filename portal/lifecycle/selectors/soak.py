"""How long a release has been running healthily in the stage that it is promoted from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.core import clock
from portal.lifecycle.models import ChangeRequest, HealthSpan, Release, ServiceInstance
from portal.lifecycle.states import Health


@dataclass(frozen=True)
class Stay:
    """One stage that a release has been in. `healthy` is how long it was ready there, in all; `until` is None
    while it still runs there."""

    release: Release
    instance: ServiceInstance
    since: datetime
    until: datetime | None
    healthy: timedelta
    ready_since: datetime | None

    @property
    def share(self) -> int:
        """Per cent of the stay in which it was ready."""
        end = self.until or clock.now()
        whole = (end - self.since).total_seconds()
        return round(100 * min(self.healthy.total_seconds() / whole, 1)) if whole > 0 else 0


def soaked(change: ChangeRequest, now: datetime) -> timedelta | None:
    """For how long the promoted release has been ready without a break in the stage before; None when the
    change is no promotion. What no longer runs there, or is not ready, has soaked for no time at all."""
    source = change.release.promoted_from if change.release else None
    if source is None:
        return None
    instance = source.instance
    if instance.current_release_id != source.pk or instance.health != Health.READY:
        return timedelta(0)
    span = HealthSpan.objects.filter(instance=instance, release=source, ended_at=None).first()
    if span is None or span.health != Health.READY:
        return timedelta(0)
    return max(now - span.began_at, timedelta(0))


def still_to_soak(change: ChangeRequest, now: datetime) -> str | None:
    """Why the gate's minimum soak is not met yet; None when it is, or there is nothing to wait for."""
    minimum = timedelta(minutes=change.environment.minimum_soak_minutes)
    if not minimum:
        return None
    time = soaked(change, now)
    if time is None or time >= minimum:
        return None
    left = minimum - time
    return f"healthy for {_words(time)} of {_words(minimum)} in the stage before, {_words(left)} to go"


def journey(release: Release) -> list[Stay]:
    """Where this very release has been before, the stage nearest to production first."""
    chain: list[Release] = []
    rows = Release.objects.select_related(
        "instance__environment", "instance__application", "instance__offering"
    )
    step = release.promoted_from_id
    while step is not None and len(chain) < 20:
        found = rows.defer("inputs", "values", "objects_masked", "masked_values", "verdicts").get(pk=step)
        chain.append(found)
        step = found.promoted_from_id
    spans = HealthSpan.objects.filter(release__in=chain)
    return [stay for each in chain if (stay := _stay(each, [s for s in spans if s.release_id == each.pk]))]


def _stay(release: Release, spans: list[HealthSpan]) -> Stay | None:
    if not spans:
        return None
    now = clock.now()
    last = spans[-1]
    ready = [(span.ended_at or now) - span.began_at for span in spans if span.health == Health.READY]
    return Stay(
        release=release,
        instance=release.instance,
        since=spans[0].began_at,
        until=last.ended_at,
        healthy=sum(ready, timedelta(0)),
        ready_since=last.began_at if last.ended_at is None and last.health == Health.READY else None,
    )


def _words(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
