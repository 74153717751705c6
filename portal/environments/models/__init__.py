"""Where things run."""

from portal.environments.models.cluster import Cluster
from portal.environments.models.environment import Environment
from portal.environments.models.policy_mode import PolicyMode

__all__ = ["Cluster", "Environment", "PolicyMode"]
