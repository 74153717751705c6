"""What runs, what should run, and how it came to be."""

from portal.lifecycle.models.application import Application
from portal.lifecycle.models.approval import Approval
from portal.lifecycle.models.blast_radius import BlastRadius
from portal.lifecycle.models.break_glass import BreakGlass
from portal.lifecycle.models.bypass import Bypass, GuardState
from portal.lifecycle.models.campaign import CampaignItem, CampaignStage, UpgradeCampaign
from portal.lifecycle.models.change import ChangeRequest
from portal.lifecycle.models.comment import ChangeComment
from portal.lifecycle.models.drift import DriftItem, DriftReport, DriftTolerance
from portal.lifecycle.models.evidence import Evidence
from portal.lifecycle.models.health_span import HealthSpan
from portal.lifecycle.models.idempotency import IdempotencyRecord
from portal.lifecycle.models.instance import ServiceInstance
from portal.lifecycle.models.policy_exception import PolicyException
from portal.lifecycle.models.policy_report import PolicyReport, Violation
from portal.lifecycle.models.quota_pool import QuotaClaim, QuotaPool, QuotaRaise
from portal.lifecycle.models.release import Release
from portal.lifecycle.models.remedy import Remedy
from portal.lifecycle.models.rollout import LogLine, Rollout
from portal.lifecycle.models.turn import TeamTurn

__all__ = [
    "Application",
    "Approval",
    "BlastRadius",
    "BreakGlass",
    "Bypass",
    "CampaignItem",
    "CampaignStage",
    "ChangeComment",
    "ChangeRequest",
    "DriftItem",
    "DriftReport",
    "DriftTolerance",
    "Evidence",
    "GuardState",
    "HealthSpan",
    "IdempotencyRecord",
    "LogLine",
    "PolicyException",
    "PolicyReport",
    "QuotaClaim",
    "QuotaPool",
    "QuotaRaise",
    "Release",
    "Remedy",
    "Rollout",
    "ServiceInstance",
    "TeamTurn",
    "UpgradeCampaign",
    "Violation",
]
