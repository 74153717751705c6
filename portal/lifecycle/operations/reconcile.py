"""Making a cluster match a change's goal, one short step at a time.

    applying ──► observing ──► verifying ──► succeeded
        │            │             │
        └────────────┴─────────────┴──► reverting ──► failed (and what ran before runs again)

Each step claims the change, does one thing and gives the claim back with the time of the next step. Every
step may be repeated: a second delivery, or another worker after a lost one, resumes from what the row says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta

from portal.clusters.errors import HelmStopped
from portal.core import clock
from portal.core.objects import key_of
from portal.lifecycle import check_results
from portal.lifecycle.models import ChangeRequest, Release
from portal.lifecycle.operations import (
    admittance,
    breaker,
    claims,
    failing,
    heartbeats,
    observation,
    outcomes,
    seals,
    stopping,
    turns,
    verification,
)
from portal.lifecycle.operations.claims import Claim
from portal.lifecycle.operations.rollouts import Attempt, bring, remove
from portal.lifecycle.operations.taking_away import take_away
from portal.lifecycle.states import ChangeKind, Health, Phase

LINGER_SECONDS = 2.0
# all changes under way together are looked at this often a second, at the most
LOOKS_PER_SECOND = 20.0
REVERT_WATCH_SECONDS = 2.0
REMOVAL_LIMIT_SECONDS = 120

Step = Callable[[ChangeRequest, Claim, threading.Event], float | None]


def advance_next(*, owner: str) -> tuple[int, float] | None:
    """Do the next step of the change whose turn it is (`turns`).

    Returns its id and the seconds until the step after it is due; None when there is nothing more to do now.
    """
    for change_id in turns.next_ids():
        claim = claims.take(change_id, owner=owner)
        if claim is not None:
            seconds = _work(claim)
            return None if seconds is None else (change_id, seconds)
    return None


def advance(change_id: int, *, owner: str) -> float | None:
    """Do the next step of one change, if it is due and free.

    Returns the seconds until the step after it is due; None when there is none, or it is somebody else's.
    """
    claim = claims.take(change_id, owner=owner)
    return None if claim is None else _work(claim)


def _work(claim: Claim) -> float | None:
    change = claim.change
    with heartbeats.heartbeat(claim) as stop:
        try:
            if stopping.is_wanted(change):
                return stopping.stop(change, claim)
            seconds = STEPS[Phase(change.phase)](change, claim, stop)
        except (claims.ClaimLost, HelmStopped):
            return stopping.after_interruption(change, claim)
        except Exception as exc:
            return failing.after_error(change, claim, exc)
    breaker.answered(change.subject.environment.cluster)
    return seconds


def apply(change: ChangeRequest, claim: Claim, stop: threading.Event) -> float | None:
    """Hand the goal to helm, then start to observe."""
    instance = change.subject
    rendering = seals.Rendering(change.release, instance=instance) if change.release else None
    admittance.check(change)
    observation.set_health(instance, Health.WORKING, f"{change.get_kind_display()} under way")
    with Attempt(change, claim, change.release, is_revert=False) as attempt:
        if change.release is None:
            remove(instance, attempt, stop)
        else:
            bring(instance, change.release, attempt, stop, rendering=rendering)
            take_away(change, attempt, stop)
    now = clock.now()
    limit = change.release.offering_version.ready_timeout_seconds if change.release else REMOVAL_LIMIT_SECONDS
    deadline = now + timedelta(seconds=limit)
    claim.write(phase=Phase.OBSERVING, attempts=0, applied_at=now, observe_until=deadline)
    change.phase, change.applied_at, change.observe_until = Phase.OBSERVING, now, deadline
    return observe(change, claim, stop)


def observe(change: ChangeRequest, claim: Claim, stop: threading.Event) -> float | None:
    """Look whether the goal is reached; linger only when no other change waits for this worker."""
    instance = change.subject
    linger = 0.0 if turns.others_due(change.pk) else LINGER_SECONDS
    if change.kind == ChangeKind.RETIRE:
        return _observe_removal(change, claim, linger)
    assert change.release is not None  # noqa: S101 a check constraint holds it
    health, message = observation.health_of(
        observation.statuses(instance, change.release.objects_masked, seconds=linger)
    )
    if health == Health.READY:
        return _ready(change, change.release, claim, stop)
    observation.set_health(instance, Health.WORKING, message)
    if health == Health.WRONG and "missing" not in message:
        return _revert(change, claim, f"{message}.")
    if change.observe_until and clock.now() >= change.observe_until:
        limit = change.release.offering_version.ready_timeout_seconds
        return _revert(change, claim, f"Not ready within {limit} s: {message}.")
    return _come_back(change, claim)


def _ready(change: ChangeRequest, release: Release, claim: Claim, stop: threading.Event) -> float | None:
    """Done, unless the version declares how to verify it."""
    begun = verification.begin(release, change.subject)
    if begun is None:
        outcomes.succeed(change, claim, message=f"Release #{release.number} runs and is ready.")
        return None
    results, within = begun
    until = clock.now() + within
    claim.write(phase=Phase.VERIFYING, attempts=0, verifications=results, verify_until=until)
    change.phase, change.verifications, change.verify_until = Phase.VERIFYING, results, until
    return verify(change, claim, stop)


def verify(change: ChangeRequest, claim: Claim, stop: threading.Event) -> float | None:
    """One round of the declared checks, of objects that are still as they should be."""
    release, instance = change.release, change.subject
    assert release is not None  # noqa: S101 a check constraint holds it
    health, message = observation.health_of(observation.statuses(instance, release.objects_masked, seconds=0))
    results = verification.look(change, release, unready="" if health == Health.READY else message)
    claim.write(verifications=results)
    if health == Health.WRONG and "missing" not in message:
        return _revert(change, claim, f"Refused by verification: it was ready, and is no more. {message}.")
    if check_results.all_passed(results):
        said = f"Release #{release.number} runs, is ready and verified: {check_results.passed(results)}."
        outcomes.succeed(change, claim, message=said)
        return None
    over = change.verify_until is None or clock.now() >= change.verify_until
    if over and not check_results.is_going_well(results):
        return _revert(change, claim, f"Refused by verification: {check_results.refusal(results)}")
    observation.set_health(instance, Health.WORKING, f"Verifying: {check_results.progress(results)}")
    return _come_back(change, claim)


def _observe_removal(change: ChangeRequest, claim: Claim, linger: float) -> float | None:
    instance = change.subject
    documents = change.base_release.objects_masked if change.base_release else []
    left = observation.remaining(instance, documents, seconds=linger)
    if not left:
        staying = ", ".join(str(key_of(document)) for document in observation.kept(documents))
        but = f" All but {staying}, which stay until somebody deletes them." if staying else ""
        outcomes.succeed(change, claim, message=f"{change.name} is retired; its objects are gone.{but}")
        return None
    if change.observe_until and clock.now() >= change.observe_until:
        names = ", ".join(str(status.key) for status in left[:5])
        outcomes.fail(
            change,
            claim,
            message=f"Still present in the cluster: {names}. Look for finalizers, then retire again.",
            health=Health.WRONG,
            health_message=f"Not fully removed: {names}",
        )
        return None
    return _come_back(change, claim)


def _come_back(change: ChangeRequest, claim: Claim) -> float:
    """Sooner at first, then every five seconds; less often when many are under way, so that looking at them
    leaves room to apply what waits."""
    now, verifying = clock.now(), change.phase == Phase.VERIFYING
    began = check_results.since(change.verifications) if verifying else change.applied_at
    age = (now - (began or now)).total_seconds()
    seconds = 0.5 if verifying and age < 5 else 1.0 if age < 15 else 2.0 if age < 60 else 5.0
    seconds = max(seconds, turns.under_way() / LOOKS_PER_SECOND)
    claim.yield_until(clock.now() + timedelta(seconds=seconds), attempts=0, held="")
    return seconds


def _revert(change: ChangeRequest, claim: Claim, why: str) -> float | None:
    """Give the rest to a step of its own, so that a lost worker resumes with the rollback and not with the
    goal."""
    return stopping.turn_back(claim, why)


def revert(change: ChangeRequest, claim: Claim, stop: threading.Event) -> float | None:
    """Bring back what ran before, or remove what never did."""
    instance = change.subject
    base = change.base_release
    with Attempt(change, claim, base, is_revert=True) as attempt:
        if base is None:
            remove(instance, attempt, stop)
        else:
            bring(instance, base, attempt, stop)
    asked = change.cancel_asked_at is not None
    end, ended = (outcomes.cancel, "was cancelled") if asked else (outcomes.fail, "failed")
    if base is None:
        end(
            change,
            claim,
            message=f"{change.outcome} What had been installed was removed.",
            health=Health.WRONG,
            health_message=f"Nothing is installed: the first change {ended}.",
        )
        return None
    health, message = observation.look(instance, base, seconds=REVERT_WATCH_SECONDS)
    end(
        change,
        claim,
        message=f"{change.outcome} Rolled back to release #{base.number}.",
        health=health,
        health_message=message,
    )
    return None


STEPS: Mapping[Phase, Step] = {
    Phase.APPLYING: apply,
    Phase.OBSERVING: observe,
    Phase.VERIFYING: verify,
    Phase.REVERTING: revert,
}
