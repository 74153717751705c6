"""Where things run."""

from portal.environments.models.cluster import Cluster
from portal.environments.models.environment import Environment

__all__ = ["Cluster", "Environment"]
