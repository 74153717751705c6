"""The policies of one cluster: installed or not, what differs, and what may be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.accounts.models import User
from portal.core.errors import SlipwayError
from portal.environments.models import Cluster
from portal.lifecycle.operations import installation
from portal.lifecycle.operations.installation import Step
from portal.lifecycle.services import policy_installations
from portal.web.forms.cluster import RemovePoliciesForm

DIFFERENT = ("create", "change", "remove")


@dataclass
class ClusterPolicies:
    """One look at a cluster. `steps` is what installing would do, once that was asked."""

    user: User
    cluster: Cluster
    form: RemovePoliciesForm = field(default_factory=RemovePoliciesForm)
    steps: Sequence[Step] | None = None
    failure: SlipwayError | None = None

    def compare(self) -> None:
        """Ask the cluster; what it does not answer is said in `failure`."""
        self.steps = self._asked(policy_installations.compare)
        self.cluster.refresh_from_db(fields=["policies_message", "policies_checked_at"])

    def install(self) -> bool:
        self.steps = self._asked(policy_installations.install)
        return self.failure is None

    def remove(self) -> bool:
        self.steps = self._asked(policy_installations.remove)
        return self.failure is None

    def _asked(self, service: Callable[..., list[Step]]) -> list[Step] | None:
        try:
            return service(self.cluster, actor=self.user)
        except SlipwayError as error:
            self.failure = error
            return None

    def context(self) -> dict[str, Any]:
        steps = self.steps or ()
        by_action = [(action, [step for step in steps if step.action == action]) for action in DIFFERENT]
        return {
            "look": self,
            "cluster": self.cluster,
            "environments": self.cluster.environments.all(),
            "counts": installation.counts(steps),
            "different": [(action, found) for action, found in by_action if found],
        }
