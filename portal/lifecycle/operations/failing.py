"""What becomes of a change whose step failed: tried again, waiting for its cluster, taken back, or stuck."""

from __future__ import annotations

from datetime import timedelta

import structlog

from portal.clusters.errors import ClusterError, ClusterTrouble, ClusterUnreachable
from portal.core import clock
from portal.core.errors import SealBroken, SlipwayError
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import breaker, observation, outcomes, retries, stopping
from portal.lifecycle.operations.claims import Claim, ClaimLost
from portal.lifecycle.states import Health, Phase

log = structlog.get_logger(__name__)

UNEXPECTED = "The portal met an unexpected error; it is in its log."


def after_error(change: ChangeRequest, claim: Claim, exc: Exception) -> float | None:
    """Retry what may pass by itself, with backoff and jitter; otherwise roll back, or say that it is
    stuck. What the database does not take is left to whoever finds the ended lease."""
    ours = isinstance(exc, SlipwayError)
    message = exc.message if isinstance(exc, SlipwayError) else UNEXPECTED
    log.warning("step_failed", change=change.pk, phase=change.phase, exc_info=not ours)
    try:
        if _cluster_is_away(change, exc, message):
            return _wait_for_cluster(change, claim, exc)
        retry = retries.retry_for(exc)
        if retry.attempts == 1 and _is_untouched(change, exc):
            _refuse(change, claim, message)
            return None
        if change.attempts + 1 < retry.attempts:
            return _again(claim, change.attempts + 1, retry.pause(change.attempts + 1))
        if change.phase != Phase.REVERTING:
            return stopping.turn_back(claim, message)
        outcomes.fail(
            change,
            claim,
            message=f"{change.outcome} Rolling back failed too: {message}",
            health=Health.WRONG,
            health_message=message,
        )
    except ClaimLost:
        return stopping.after_interruption(change, claim)
    return None


def _again(claim: Claim, attempts: int, seconds: float, **values: object) -> float:
    claim.yield_until(clock.now() + timedelta(seconds=seconds), attempts=attempts, **values)
    return seconds


def _cluster_is_away(change: ChangeRequest, exc: Exception, message: str) -> bool:
    """Whether it is not this change that is to blame, but its whole cluster, and not for too long yet."""
    if not isinstance(exc, ClusterUnreachable) or isinstance(exc, ClusterTrouble):
        if isinstance(exc, ClusterError):
            breaker.answered(change.subject.environment.cluster)
        return False
    cluster = change.subject.environment.cluster
    return breaker.failed(cluster, message) and breaker.absence(cluster) < retries.LONGEST_ABSENCE


def _wait_for_cluster(change: ChangeRequest, claim: Claim, exc: Exception) -> float:
    """The attempts stay, and so does the time that a release is given to become ready or to be verified."""
    seconds = retries.retry_for(exc).pause(change.attempts + 3)
    longer = {
        field: until + timedelta(seconds=seconds)
        for field in ("observe_until", "verify_until")
        if (until := getattr(change, field)) is not None
    }
    held = breaker.waits_for(change.subject.environment.cluster)
    return _again(claim, change.attempts, seconds, held=held, **longer)


def _is_untouched(change: ChangeRequest, exc: Exception) -> bool:
    """Whether the cluster still is as it was: no attempt was begun, or this first one ended before helm was
    given what differs. A worker that was lost before may have left something."""
    begun = change.rollouts.count() if change.phase == Phase.APPLYING else None
    return begun == 0 or (begun == 1 and isinstance(exc, SealBroken))


def _refuse(change: ChangeRequest, claim: Claim, message: str) -> None:
    """Nothing was applied, so there is nothing to roll back."""
    instance = change.subject
    if instance.current_release is None:
        health, note = Health.WRONG, "Nothing is installed: the first change was refused."
    else:
        health, note = observation.look(instance, instance.current_release)
    outcomes.fail(change, claim, message=message, health=health, health_message=note)
