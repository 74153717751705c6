"""Every part of these pages in all its states."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from portal.web import samples
from portal.web.access import SignedIn


def show(request: SignedIn) -> HttpResponse:
    return render(request, "design/show.html", samples.context(request))
