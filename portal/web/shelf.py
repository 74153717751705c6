"""What the catalog's cards show beyond the catalog itself."""

from __future__ import annotations

from django.db.models import Count

from portal.lifecycle.models import ServiceInstance


def running() -> dict[int, int]:
    """How many living instances each offering has, by its id. A count over all teams: it names nobody."""
    rows = ServiceInstance.objects.alive().order_by().values("offering").annotate(n=Count("pk"))
    return dict(rows.values_list("offering", "n"))
