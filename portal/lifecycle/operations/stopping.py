"""Ending a change while it runs: somebody asked for it, or its worker has to let go."""

from __future__ import annotations

import structlog

from portal.core import clock
from portal.lifecycle.models import ChangeRequest
from portal.lifecycle.operations import observation, outcomes
from portal.lifecycle.operations.claims import Claim
from portal.lifecycle.states import Health, Phase

log = structlog.get_logger(__name__)


def is_wanted(change: ChangeRequest) -> bool:
    """Whether somebody asked to stop it, and it does not go back already."""
    return change.cancel_asked_at is not None and change.phase != Phase.REVERTING


def stop(change: ChangeRequest, claim: Claim) -> float | None:
    """Go back to what ran before; at once where nothing was applied yet. Raises ClaimLost."""
    said = f"Cancelled by {change.cancel_asked_by}." + (
        f" {change.cancel_comment}" if change.cancel_comment else ""
    )
    if change.phase != Phase.APPLYING or change.rollouts.exists():
        return turn_back(claim, said)
    instance = change.subject
    if instance.current_release is None:
        health, message = Health.WRONG, "Nothing is installed: the first change was cancelled."
    else:
        health, message = observation.look(instance, instance.current_release)
    outcomes.cancel(
        change, claim, message=f"{said} Nothing was applied.", health=health, health_message=message
    )
    return None


def turn_back(claim: Claim, why: str) -> float:
    """Give the rest to a step of its own, so that a lost worker resumes with the rollback and not with the
    goal. Raises ClaimLost."""
    claim.yield_until(clock.now(), phase=Phase.REVERTING, attempts=0, outcome=why, held="")
    return 0.0


def after_interruption(change: ChangeRequest, claim: Claim) -> float | None:
    """Helm was told to end, or a write was refused: by somebody's wish to stop the change, which is heeded
    now; or the claim is lost, and then there is nothing more to do here."""
    rows = ChangeRequest.objects.for_execution().select_related("cancel_asked_by")
    now = rows.filter(pk=change.pk, **claim.conditions).first()
    if now is None or not is_wanted(now):
        log.warning("claim_lost", change=change.pk, token=claim.token)
        return None
    return stop(now, claim)
