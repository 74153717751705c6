"""One field for everything that has a name."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal.web import finding
from portal.web.access import SignedIn


def show(request: SignedIn) -> HttpResponse:
    words = finding.words_of(request.GET.get("q", ""))
    if change := finding.change_numbered(request.user, words):
        return redirect("web:changes-one", change)
    context = {"words": words, "groups": finding.named(request.user, words)}
    return render(request, "search/show.html", context)


def suggest(request: SignedIn) -> HttpResponse:
    """What the field at the top offers while somebody types; without a script, the page."""
    if not request.htmx:
        return redirect(f"{reverse('web:search')}?{request.GET.urlencode()}")
    words = finding.words_of(request.GET.get("q", ""))
    context = {
        "words": words,
        "change": finding.change_numbered(request.user, words),
        "groups": finding.named(request.user, words, most=finding.SUGGESTED),
    }
    return render(request, "search/_suggestions.html", context)
