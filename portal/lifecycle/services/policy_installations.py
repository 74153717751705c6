"""Installing the policies into clusters: who may, and what was said when it did not work."""

from __future__ import annotations

from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core import clock
from portal.core.errors import SlipwayError
from portal.environments.models import Cluster
from portal.lifecycle.operations import installation
from portal.lifecycle.operations.installation import Step


def compare(cluster: Cluster, *, actor: User) -> list[Step]:
    """What installing would do; on a cluster that has the policies this is the drift, which is noted.

    Raises NotPermitted, ClusterError, PolicyInvalid.
    """
    require(actor, Verb.CURATE)
    return (installation.look_for_drift if cluster.policies_installed else installation.plan)(cluster)


def install(cluster: Cluster, *, actor: User) -> list[Step]:
    """Apply what belongs there, and keep it so from now on. Raises as `compare`; what failed is noted."""
    require(actor, Verb.CURATE)
    try:
        return installation.install(cluster, actor=actor)
    except SlipwayError as exc:
        _note(cluster, exc.message)
        raise


def remove(cluster: Cluster, *, actor: User) -> list[Step]:
    """Take all of ours out again. Raises NotPermitted, ClusterError."""
    require(actor, Verb.CURATE)
    return installation.uninstall(cluster, actor=actor)


def _note(cluster: Cluster, message: str) -> None:
    Cluster.objects.filter(pk=cluster.pk).update(
        policies_message=message[:500], policies_checked_at=clock.now()
    )
