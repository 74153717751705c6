"""The application services library."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from portal.web import shelf
from portal.web.access import SignedIn
from portal.web.forms.catalog import CatalogFilter


def browse(request: SignedIn) -> HttpResponse:
    form = CatalogFilter(request.GET)
    template = "catalog/_cards.html" if request.htmx else "catalog/browse.html"
    return render(request, template, {"form": form, "entries": form.matching(), "running": shelf.running()})
