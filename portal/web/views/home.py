"""What waits for me, what of mine is unwell, what changed lately."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from portal.lifecycle.selectors import home
from portal.web.access import SignedIn


def show(request: SignedIn) -> HttpResponse:
    return render(request, "home/show.html", {"home": home.home(request.user)})
