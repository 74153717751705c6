"""One offering: what it is, and what asking for it means."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.lifecycle.models import ServiceInstance
from portal.web.access import SignedIn
from portal.web.policy import library
from services_catalog import selectors


def show(request: SignedIn, slug: str) -> HttpResponse:
    detail = selectors.offering_detail(request.user, slug, with_drafts=request.user.access.may(Verb.CURATE))
    mine = ServiceInstance.objects.visible_to(request.user).alive().filter(offering=detail.offering)
    context = {
        "detail": detail,
        "offering": detail.offering,
        "version": detail.latest,
        "environments": [env for env in Environment.objects.all() if detail.offering.is_offered_in(env.slug)],
        "rules": library.counts_by_category(),
        "running": mine.count(),
        "may_curate": request.user.access.may(Verb.CURATE),
    }
    return render(request, "catalog/offering.html", context)
