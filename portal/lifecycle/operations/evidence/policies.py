"""What the policies of now say of the release."""

from __future__ import annotations

from portal.core.digests import short
from portal.lifecycle.models import ChangeRequest, Evidence
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.operations.judging import judge_release
from portal.lifecycle.selectors import bundle


def gather(change: ChangeRequest) -> Found:
    """Judged anew, so an exception that has ended and a rule of yesterday show. Raises SlipwayError."""
    judgement = judge_release(change)
    parts = [f"{judgement.passed} pass"]
    parts += [f"{judgement.waived} waived"] if judgement.waived else []
    parts += [f"{judgement.warned} warn"] if judgement.warned else []
    parts += [f"{judgement.denied} refuse"] if judgement.denied else []
    status = Evidence.Status.GOOD
    if judgement.warned or judgement.waived:
        status = Evidence.Status.NOTE
    if not judgement.allowed:
        status = Evidence.Status.BAD
    return Found(
        status,
        ", ".join(parts),
        f"policies {short(bundle.current().digest)}",
        {"denied": sorted({verdict.policy for verdict in judgement.verdicts if verdict.blocks})},
    )
