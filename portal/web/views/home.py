"""What waits for me, what of mine is unwell, what changed lately; and the first steps of somebody new."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.roles import Verb
from portal.lifecycle.selectors import home
from portal.web import live as live_parts
from portal.web import onboarding
from portal.web.access import SignedIn
from portal.web.signing_in import put


def show(request: SignedIn) -> HttpResponse:
    access = request.user.access
    may = {"may_request": bool(access.team_ids(Verb.REQUEST)), "may_decide": access.may(Verb.DECIDE)}
    context = _context(request) | may
    if f"{settings.SLIPWAY_COOKIE_PREFIX}{onboarding.COOKIE}" not in request.COOKIES:
        context["first_steps"] = onboarding.steps_for(request.user)
    return render(request, "home/show.html", context)


def live(request: SignedIn) -> HttpResponse:
    context = _context(request)
    return live_parts.respond(request, "home/_live.html", context, etag=context["etag"], final=False)


@require_POST
def welcomed(request: SignedIn) -> HttpResponse:
    """They know their way now: the first steps are not shown again in this browser."""
    response = redirect("web:home")
    put(response, onboarding.COOKIE, "yes", timedelta(days=365))
    return response


def _context(request: SignedIn) -> dict[str, Any]:
    found = home.home(request.user)
    return {"home": found, "etag": live_parts.fingerprint(found.facts)}
