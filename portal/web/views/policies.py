"""The organisation's rules: the library, and one policy."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from portal.web.access import SignedIn
from portal.web.policy import library as policy_library
from portal.web.policy import page as policy_page


def browse(request: SignedIn) -> HttpResponse:
    is_part = request.htmx and not request.htmx.history_restore_request
    template = "policies/_library.html" if is_part else "policies/browse.html"
    response = render(request, template, policy_library.context(request))
    patch_vary_headers(response, ["HX-Request"])
    return response


def show(request: SignedIn, name: str) -> HttpResponse:
    entry = policy_page.entry_of(request.user, name)
    return render(request, "policies/show.html", policy_page.context(request, entry))
