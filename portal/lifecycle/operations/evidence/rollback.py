"""What a failure would go back to: whether it still renders as it was sealed, and policy allows it now."""

from __future__ import annotations

from typing import Any

from portal.clusters.errors import ChartDoesNotRender
from portal.core.errors import SealBroken
from portal.lifecycle.models import Evidence, Release
from portal.lifecycle.operations.evidence.found import Found
from portal.lifecycle.operations.evidence.subject import Subject
from portal.lifecycle.operations.judging import judge
from portal.lifecycle.states import ChangeKind


def gather(subject: Subject) -> Found | None:
    """None for what is retired: there is nothing to go back from. Raises SlipwayError."""
    if subject.change.kind == ChangeKind.RETIRE:
        return None
    base = subject.change.base_release
    if base is None:
        return Found(
            Evidence.Status.NOTE,
            "Nothing ran before: should it fail, what was installed is removed",
            "portal",
            {"release": None, "renders": False, "allowed": False},
        )
    try:
        documents = subject.documents(base)
    except (SealBroken, ChartDoesNotRender) as exc:
        said = f"Release #{base.number} can no longer be brought back: {subject.cover().text(exc.message)}"
        return _found(Evidence.Status.BAD, said, base, renders=False)
    judgement = judge(documents, release=base, instance=subject.instance, before=base.objects_masked)
    if not judgement.allowed:
        broken = sorted({verdict.policy for verdict in judgement.verdicts if verdict.blocks})
        said = f"Release #{base.number} renders as sealed, but policy refuses it now: {', '.join(broken)}"
        return _found(Evidence.Status.BAD, said, base, renders=True, refused_by=broken[:50])
    said = f"Release #{base.number} renders as sealed, and policy allows it"
    return _found(Evidence.Status.GOOD, said, base, renders=True, allowed=True)


def _found(
    status: Evidence.Status, summary: str, base: Release, *, renders: bool, allowed: bool = False, **more: Any
) -> Found:
    detail = {"release": base.number, "renders": renders, "allowed": allowed, **more}
    return Found(status, summary, f"release #{base.number}, rendered again", detail)
