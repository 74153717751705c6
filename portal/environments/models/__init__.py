"""Where things run."""

from portal.environments.models.approver_group import ApproverGroup
from portal.environments.models.cluster import Cluster
from portal.environments.models.environment import Environment
from portal.environments.models.policy_mode import PolicyMode
from portal.environments.models.window import Window

__all__ = ["ApproverGroup", "Cluster", "Environment", "PolicyMode", "Window"]
