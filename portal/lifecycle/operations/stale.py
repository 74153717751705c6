"""After an exception came or went: what has to be scanned and installed again."""

from __future__ import annotations

from portal.environments.models import Cluster
from portal.lifecycle.models import PolicyException, PolicyReport


def mark(exception: PolicyException) -> None:
    """Let the next scan look at what it covers, and the next round of installing at its cluster."""
    reports = PolicyReport.objects.filter(
        instance__application=exception.application_id, instance__environment=exception.environment_id
    )
    if exception.instance_name:
        reports = reports.filter(instance__name=exception.instance_name)
    reports.update(policy_digest="")
    Cluster.objects.filter(environments=exception.environment_id).update(policies_digest="")
