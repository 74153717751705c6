"""The organisation's rules, in words."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from portal.lifecycle.operations import bundle
from portal.web.access import SignedIn


def browse(request: SignedIn) -> HttpResponse:
    current = bundle.current()
    rules = sorted(current.bound, key=lambda each: (each[0].metadata.category, each[0].metadata.title))
    return render(request, "policies/browse.html", {"rules": rules, "digest": current.digest})
