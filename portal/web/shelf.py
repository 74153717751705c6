"""What the catalog's cards show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count

from portal.lifecycle.models import ServiceInstance
from services_catalog import selectors
from services_catalog.models import Offering

CARDS = 24  # on a page: whole rows of two, three and four


def cards(offerings: Iterable[Offering]) -> dict[str, Any]:
    """`entries` in the order given, and `running`: how many living instances each has, by its id.

    That is a count over all teams: it names nobody.
    """
    entries = selectors.entries(offerings)
    rows = ServiceInstance.objects.alive().filter(offering__in=[each.offering.pk for each in entries])
    counts = rows.order_by().values("offering").annotate(n=Count("pk"))
    return {"entries": entries, "running": dict(counts.values_list("offering", "n"))}
