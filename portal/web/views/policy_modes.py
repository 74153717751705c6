"""Changing a policy's mode: choose it, see what it would break, confirm."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.web import live as live_parts
from portal.web.access import SignedIn
from portal.web.policy import mode as mode_page
from portal.web.policy import page as policy_page
from portal.web.policy.mode import ModeChange


def choose(request: SignedIn, name: str) -> HttpResponse:
    if request.method != "POST":
        return _page(request, _change(request, name))
    change = _change(request, name, request.POST)
    radius = change.look()
    if radius is None:
        return _page(request, change)
    about = {"environment": request.POST["environment"], "mode": change.wanted, "radius": radius.pk}
    return redirect(f"{reverse('web:policies-mode', args=[name])}?{urlencode(about)}")


def live(request: SignedIn, name: str) -> HttpResponse:
    context = _change(request, name).context()
    if "radius" not in context:
        raise Http404
    return live_parts.respond(
        request, "policies/_mode_live.html", context, etag=context["etag"], final=context["final"]
    )


@require_POST
def confirm(request: SignedIn, name: str) -> HttpResponse:
    change = _change(request, name, request.POST)
    if not change.make():
        return _page(request, change)
    messages.success(request, change.said)
    return redirect("web:policies-one", name)


def _change(request: SignedIn, name: str, posted: QueryDict | None = None) -> ModeChange:
    require(request.user, Verb.CURATE)
    entry = policy_page.entry_of(request.user, name)
    return mode_page.of_address(request.user, entry, request.GET, posted)


def _page(request: SignedIn, change: ModeChange) -> HttpResponse:
    return render(request, "policies/mode.html", change.context(), status=change.status)
