"""Organisation policy in Kubernetes' own format: documents in, verdicts out. Pure; no Django, no network."""

from portal.policy.bundle import Bundle, load_bundle
from portal.policy.defaults import apply_defaults
from portal.policy.types import (
    Admission,
    AdmissionRequest,
    Judgement,
    PolicyInvalid,
    PolicyProblem,
    UserInfo,
    Verdict,
)

__all__ = [
    "Admission",
    "AdmissionRequest",
    "Bundle",
    "Judgement",
    "PolicyInvalid",
    "PolicyProblem",
    "UserInfo",
    "Verdict",
    "apply_defaults",
    "load_bundle",
]
