"""Requesting something new from the catalog."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.models import User
from portal.accounts.roles import Verb
from portal.environments.models import Environment
from portal.lifecycle.models import Application
from portal.web import asking, reasking, sheet
from portal.web.access import SignedIn
from portal.web.asking import Asking
from services_catalog import selectors
from services_catalog.models import OfferingVersion

WHERE = ("application", "environment", "name")


def ask(request: SignedIn, slug: str) -> HttpResponse:
    versions = _versions(request.user, slug)
    form = _asking(request, slug, versions)
    if request.method == "POST":
        if "ask" in request.POST and (change := form.ask()):
            return redirect("web:changes-one", change.pk)
        if "ask" not in request.POST:
            form.look(request.POST)
    status = 422 if form.refusal or ("ask" in request.POST and form.missing) else 200
    return render(request, "requests/ask.html", _context(request, form, versions), status=status)


@require_POST
def preview(request: SignedIn, slug: str) -> HttpResponse:
    versions = _versions(request.user, slug)
    form = _asking(request, slug, versions)
    form.look(request.POST)
    return render(request, "requests/_answer.html", _context(request, form, versions))


def _versions(user: User, slug: str) -> list[OfferingVersion]:
    """What may be requested, newest first. Raises NotFound."""
    newest = selectors.version_for(slug, user=user)
    rows = newest.offering.versions.requestable().select_related("offering").prefetch_related("plans")
    return sorted(rows, key=lambda version: version.precedence, reverse=True)


def _asking(request: SignedIn, slug: str, versions: list[OfferingVersion]) -> Asking:
    data = request.POST if request.method == "POST" else request.GET
    about = {"kind": "create", "offering": slug, **{name: data.get(name, "") for name in WHERE}}
    if request.method == "POST":
        read = typed.read(request.POST, versions, None)
    elif (earlier := reasking.earlier(request.user, data)) and earlier.offering.slug == slug:
        about |= reasking.about(earlier)
        return Asking(
            request.user, reasking.sheet(earlier, versions, None), about, earlier.reason, asking.new_key()
        )
    else:
        version = sheet.pick_version(versions, data.get("version"))
        typed = sheet.Sheet(version, sheet.pick_plan(version, data.get("plan")))
    return Asking(request.user, typed, about, data.get("reason", ""), data.get("key") or asking.new_key())


def _context(request: SignedIn, form: Asking, versions: list[OfferingVersion]) -> dict[str, Any]:
    offering = versions[0].offering
    stages = Environment.objects.prefetch_related("windows")
    applications = Application.objects.filter(team__in=request.user.access.team_ids(Verb.REQUEST))
    return {
        "asking": form,
        "sheet": form.sheet,
        "offering": offering,
        "versions": versions,
        "applications": applications.select_related("team"),
        "environments": [env for env in stages if offering.is_offered_in(env.slug)],
    }
