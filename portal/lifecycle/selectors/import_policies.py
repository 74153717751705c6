"""What an imported chart is judged by before it is put on offer: the policies in the modes of now."""

from __future__ import annotations

from portal.clusters.types import Capabilities
from portal.environments.models import Environment
from portal.lifecycle.selectors import bundle
from services_catalog.imports.policies import Policies


def current() -> tuple[Policies, Capabilities | None]:
    """For every environment that there is, and what the first one's cluster can. Raises PoliciesUnusable."""
    found = list(Environment.objects.select_related("cluster").defer("cluster__kubeconfig").order_by("order"))
    if not found:
        return Policies(bundle.current()), None
    labels = {each.slug: each.namespace_labels() for each in found}
    return Policies(bundle.current(), labels), found[0].cluster.capabilities
