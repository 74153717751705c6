"""The guard around the gate of an environment: look, compare, set, put right."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.web import guard_page
from portal.web.access import SignedIn
from portal.web.guard_page import GuardPage


def show(request: SignedIn, slug: str) -> HttpResponse:
    look = _look(request, slug, Verb.AUDIT)
    if "compare" in request.GET:
        look.compare()
    return _page(request, look)


@require_POST
def choose(request: SignedIn, slug: str) -> HttpResponse:
    look = _look(request, slug, Verb.CURATE, request.POST)
    if not look.set():
        return _page(request, look)
    messages.success(request, "Set. The cluster follows within a minute or so.")
    return redirect("web:platform-guard", slug)


@require_POST
def put_right(request: SignedIn, slug: str) -> HttpResponse:
    look = _look(request, slug, Verb.CURATE)
    if not look.put_right():
        return _page(request, look)
    messages.success(request, "The cluster has the guard as it belongs there.")
    return redirect("web:platform-guard", slug)


def _look(request: SignedIn, slug: str, verb: Verb, posted: QueryDict | None = None) -> GuardPage:
    require(request.user, verb)
    rows = Environment.objects.select_related("cluster")
    return guard_page.of(request.user, get_object_or_404(rows, slug=slug), posted)


def _page(request: SignedIn, look: GuardPage) -> HttpResponse:
    return render(request, "guard/show.html", look.context(request), status=look.status)
