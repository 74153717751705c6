"""Who runs which version in which environment, and how far behind."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from portal.web.access import SignedIn
from portal.web.campaigns import fleet as fleet_page
from services_catalog.models import Offering


def browse(request: SignedIn) -> HttpResponse:
    return render(request, "fleet/browse.html", fleet_page.of_all(request))


def of_offering(request: SignedIn, slug: str) -> HttpResponse:
    offering = get_object_or_404(Offering.objects.visible_to(request.user), slug=slug)
    return render(request, "fleet/offering.html", fleet_page.of_offering(request, offering))
