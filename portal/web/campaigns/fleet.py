"""The fleet's versions: a sum, and the rows behind it."""

from __future__ import annotations

from typing import Any

from portal.accounts.roles import Verb
from portal.lifecycle.models import ServiceInstance
from portal.lifecycle.selectors import fleet
from portal.lifecycle.selectors.fleet import Behind
from portal.web.access import SignedIn
from portal.web.forms.fleet import FleetFilter
from portal.web.paging import bounded_page_of
from services_catalog.models import Offering

Row = tuple[ServiceInstance, Behind]


def of_all(request: SignedIn) -> dict[str, Any]:
    return {**_listed(request), "offerings": fleet.of_all(request.user)}


def of_offering(request: SignedIn, offering: Offering) -> dict[str, Any]:
    environments = fleet.environments()
    lines = fleet.of_offering(request.user, offering)
    return {
        **_listed(request, offering),
        "offering": offering,
        "environments": environments,
        "lines": [(line, [(each, line.counts.get(each.slug, 0)) for each in environments]) for line in lines],
    }


def _listed(request: SignedIn, offering: Offering | None = None) -> dict[str, Any]:
    rows = fleet.rows(request.user)
    if offering is not None:
        rows = rows.filter(offering=offering)
    found = FleetFilter(request.GET, queryset=rows, request=request)
    page = bounded_page_of(found.qs, request)
    known = fleet.standing(instance.offering_id for instance in page.object_list)
    shown: list[Row] = [
        (instance, known[instance.current_release.offering_version_id])
        for instance in page.object_list
        if instance.current_release is not None
    ]
    return {
        "filter": found,
        "page": page,
        "rows": shown,
        "may_curate": request.user.access.may(Verb.CURATE),
    }
