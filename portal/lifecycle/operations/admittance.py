"""The last look before a worker applies a change: the gate, the seal and the policies, as they are now."""

from __future__ import annotations

from portal.core.errors import NotPermitted, SealBroken
from portal.lifecycle.models import BreakGlass, ChangeRequest
from portal.lifecycle.operations import seals
from portal.lifecycle.operations.judging import judge_release
from portal.lifecycle.selectors import consents


def check(change: ChangeRequest) -> None:
    """Raise SealBroken unless the change may run now: enough people who may still decide consented to exactly
    this release (or one passed the gate in an emergency), and each ingredient of it is what was sealed.

    Where there is no gate nobody decided on the policies, so newer ones do not void the change: they judge it
    anew. Raises PoliciesUnusable.
    """
    release = change.release
    if release is not None and release.digest != change.seal:
        raise SealBroken(
            "The change names another release than the one that was sealed, so nothing was applied.",
            ingredients=list(seals.INGREDIENTS),
        )
    gated = change.emergency or not change.environment.gate.is_open(proven=change.proven)
    if gated:
        _check_gate(change)
    if release is None:
        seals.check_retirement(change)
        return
    differing = seals.altered(release, change.subject)
    if not gated and differing == ["policy"]:
        _judge_again(change)
    elif differing:
        raise seals.broken(differing, release)


def emergency_of(change: ChangeRequest) -> BreakGlass | None:
    """How the gate was passed without a decision, if it was, for exactly this release."""
    return BreakGlass.objects.filter(change=change, digest=change.seal).select_related("actor").first()


def _check_gate(change: ChangeRequest) -> None:
    passed = emergency_of(change)
    if passed is None:
        _check_consents(change)
    else:
        _check_emergency(change, passed)


def _check_consents(change: ChangeRequest) -> None:
    if change.emergency:
        raise SealBroken(
            "Policy refuses it, and nobody passed the gate in an emergency. Nothing was applied."
        )
    people = consents.consenting(change)
    lacking = change.environment.gate.lacking(people, proven=change.proven)
    if lacking:
        names = ", ".join(user.username for user in people) or "nobody"
        raise SealBroken(
            f"{change.environment} wants {' and '.join(lacking)} of exactly this release; what counts now is "
            f"the consent of {names}. Nothing was applied.",
            lacking=lacking,
        )


def _check_emergency(change: ChangeRequest, passed: BreakGlass) -> None:
    try:
        change.environment.gate.check_may_break_glass(
            passed.actor, team=change.team_id, requester=change.requested_by_id
        )
    except NotPermitted as exc:
        raise SealBroken(
            f"{passed.actor} passed the gate and may not do that now: {exc.message} Nothing was applied."
        ) from exc


def _judge_again(change: ChangeRequest) -> None:
    judgement = judge_release(change)
    if not judgement.allowed:
        rules = sorted({verdict.policy for verdict in judgement.verdicts if verdict.blocks})
        raise SealBroken(
            f"Since it was asked, policy refuses it: {', '.join(rules)}. Nothing was applied. Look at the "
            "rules, mend what they name, then ask again.",
            ingredients=["policy"],
        )
