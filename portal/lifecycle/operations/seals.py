"""What runs is what was decided on: render again, compare, and name the ingredient that differs."""

from __future__ import annotations

from portal.core.digests import digest_of
from portal.core.errors import SealBroken
from portal.lifecycle.models import ChangeRequest, Release
from portal.lifecycle.operations.outcomes import living
from portal.lifecycle.operations.rendering import render_release


def check(change: ChangeRequest) -> None:
    """Raise SealBroken unless the gate is satisfied and the sealed release still renders to the same objects."""
    _check_gate(change)
    if change.release is None:
        return
    _check_record(change.release, change.seal)
    rendered = render_release(change.release, instance=living(change))
    if digest_of(rendered.documents) != change.release.objects_digest:
        raise SealBroken(
            "The chart now renders other objects than those that were sealed, so nothing was applied. Ask again."
        )


def _check_record(release: Release, seal: str) -> None:
    if release.computed_digest() != release.digest or release.digest != seal:
        raise SealBroken("The stored release was altered after it was sealed, so nothing was applied.")


def _check_gate(change: ChangeRequest) -> None:
    gate = change.environment.gate
    approvers = change.approvals.valid().exclude(actor__in=change.contributors).values_list("actor_id", flat=True)
    if not gate.satisfied_by(approvers):
        raise SealBroken(
            f"{change.environment} wants {gate.approvals_required} approval(s) of exactly this release, "
            f"and has {len(set(approvers))}. Nothing was applied."
        )
