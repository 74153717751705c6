"""What the policies of now say of the release."""

from __future__ import annotations

from portal.core.digests import short
from portal.lifecycle.models import Evidence
from portal.lifecycle.operations.evidence.covering import Cover
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.operations.evidence.subject import Subject
from portal.lifecycle.selectors import bundle
from portal.policy import Verdict

MOST = 50


def gather(subject: Subject) -> Found | None:
    """Judged anew, so an exception that has ended and a rule of yesterday show. Raises SlipwayError."""
    if subject.change.release is None:
        return None
    judgement = subject.judgement()
    parts = [f"{judgement.passed} pass"]
    parts += [f"{judgement.waived} waived"] if judgement.waived else []
    parts += [f"{judgement.warned} warn"] if judgement.warned else []
    parts += [f"{judgement.denied} refuse"] if judgement.denied else []
    status = Evidence.Status.GOOD
    if judgement.warned or judgement.waived:
        status = Evidence.Status.NOTE
    if not judgement.allowed:
        status = Evidence.Status.BAD
    verdicts = judgement.verdicts
    cover = subject.cover()
    warned = [_said(verdict, cover) for verdict in verdicts if verdict.outcome in ("warn", "audit")]
    return Found(
        status,
        ", ".join(parts),
        f"policies {short(bundle.current().digest)}",
        {
            "denied": sorted({verdict.policy for verdict in verdicts if verdict.blocks}),
            "exceptions": list(judgement.exceptions)[:MOST],
            "warned": warned[:MOST],
            "left_off": max(len(warned) - MOST, 0),
        },
    )


def _said(verdict: Verdict, cover: Cover) -> dict[str, str]:
    return {
        "policy": verdict.policy,
        "title": verdict.title[:200],
        "severity": verdict.severity,
        "object": str(verdict.key),
        "message": cover.text(verdict.message)[:300],
    }
