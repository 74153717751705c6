"""The rules of a gate: for all who read the audit trail to see, for platform engineers to set."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.web import gate_page
from portal.web.access import SignedIn
from portal.web.gate_page import GatePage


def show(request: SignedIn, slug: str) -> HttpResponse:
    return render(request, "gates/show.html", _page(request, slug, Verb.AUDIT).context())


@require_POST
def save(request: SignedIn, slug: str) -> HttpResponse:
    page = _page(request, slug, Verb.CURATE, request.POST)
    if not page.save():
        return render(request, "gates/show.html", page.context(), status=page.status)
    messages.success(request, "Saved. It holds at once, also for what waits.")
    return redirect("web:platform-gate", slug)


def _page(request: SignedIn, slug: str, verb: Verb, posted: QueryDict | None = None) -> GatePage:
    require(request.user, verb)
    rows = Environment.objects.prefetch_related("approver_groups")
    return gate_page.of(request.user, get_object_or_404(rows, slug=slug), posted)
