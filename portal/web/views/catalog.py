"""The application services library."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from portal.web import shelf
from portal.web.access import SignedIn
from portal.web.forms.catalog import CatalogFilter
from portal.web.paging import page_of


def browse(request: SignedIn) -> HttpResponse:
    form = CatalogFilter(request.GET, user=request.user)
    page = page_of(form.matching(), request, most=shelf.CARDS)
    context = {"form": form, "page": page, **shelf.cards(page)}
    return render(request, "catalog/_cards.html" if request.htmx else "catalog/browse.html", context)
