"""One field for everything that has a name."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from portal.web import finding
from portal.web.access import SignedIn


def show(request: SignedIn) -> HttpResponse:
    words = request.GET.get("q", "").strip()[: finding.LONGEST]
    if change := finding.change_numbered(request.user, words):
        return redirect("web:changes-one", change)
    return render(request, "search/show.html", {"words": words, **finding.named(request.user, words)})
