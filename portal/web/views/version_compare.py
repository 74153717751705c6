"""One version against another, and putting one on its way out."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.lifecycle.services import comparisons
from portal.web.access import SignedIn
from portal.web.campaigns.deprecating import Deprecating
from services_catalog import deprecations


def compare(request: SignedIn, slug: str) -> HttpResponse:
    """What each renders takes two helms, so it follows the page, or a link in it."""
    asked = {name: request.GET.get(name, "") for name in ("old", "new", "environment")}
    number = request.GET.get("instance", "")
    instance = int(number) if number.isascii() and number.isdecimal() and len(number) < 18 else None
    found = comparisons.compare(request.user, slug, **asked, instance=instance)
    looks = "rendered" in request.GET
    context = {
        "found": found,
        "offering": found.pair.new.offering,
        "looks": looks,
        "rendered": f"?{urlencode({**request.GET.dict(), 'rendered': 'yes'})}",
    }
    if looks and request.htmx:
        return render(request, "versions/_rendered.html", {**context, "rendering": found.rendering})
    return render(request, "versions/compare.html", context)


def deprecate(request: SignedIn, slug: str) -> HttpResponse:
    require(request.user, Verb.CURATE)
    deprecating = Deprecating(request, slug, request.GET.get("version", ""))
    if request.method == "POST" and deprecating.say():
        messages.success(request, f"{deprecating.subject} is deprecated. Its owners are told.")
        return redirect("web:catalog-offering", slug)
    context = {"deprecating": deprecating, "form": deprecating.form}
    return render(request, "versions/deprecate.html", context, status=deprecating.status)


@require_POST
def lift(request: SignedIn, slug: str) -> HttpResponse:
    require(request.user, Verb.CURATE)
    subject = Deprecating(request, slug, request.GET.get("version", "")).subject
    deprecations.lift(subject, actor=request.user)
    messages.success(request, f"{subject} may be requested again.")
    return redirect("web:catalog-offering", slug)
