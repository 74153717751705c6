"""The Pod Security Standards in the API server's words (k8s.io/pod-security-admission, latest)."""

from __future__ import annotations

from portal.sandbox.admission.standards import baseline, restricted
from portal.sandbox.objects import Object

LEVELS = ("privileged", "baseline", "restricted")
_CHECKS = {
    "privileged": (),
    "baseline": baseline.CHECKS,
    # stricter checks stand in for those of baseline that they include
    "restricted": (
        *(check for check in baseline.CHECKS if check not in restricted.REPLACED),
        *restricted.CHECKS,
    ),
}


def evaluate(level: str, metadata: Object, spec: Object) -> list[str]:
    """What of `level` the pod violates, as `reason (where)`; empty when it passes."""
    found = (check(metadata, spec) for check in _CHECKS[level])
    return [f"{finding[0]} ({finding[1]})" for finding in found if finding]
