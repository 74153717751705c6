"""Which denials an emergency may pass: those of policies that say so themselves, and no others."""

from __future__ import annotations

from portal.policy.bundle import Bundle
from portal.policy.documents import Policy
from portal.policy.types import Judgement

# `slipway.dev/break-glass: "allowed"` on a ValidatingAdmissionPolicy
ANNOTATION = "slipway.dev/break-glass"
ALLOWED = "allowed"


def passable(bundle: Bundle, judgement: Judgement) -> list[str]:
    """Names of the policies that refuse, when each of them admits an emergency; empty when any does not, or
    could not be evaluated, or none refuses."""
    blocking = [verdict for verdict in judgement.verdicts if verdict.blocks]
    admitting = {policy.name for policy in bundle.policies if admits(policy)}
    if any(verdict.outcome != "deny" or verdict.policy not in admitting for verdict in blocking):
        return []
    return sorted({verdict.policy for verdict in blocking})


def admits(policy: Policy) -> bool:
    """Whether the policy itself says that an emergency may pass it."""
    annotations = (policy.document.get("metadata") or {}).get("annotations") or {}
    return bool(annotations.get(ANNOTATION) == ALLOWED)
