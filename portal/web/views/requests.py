"""Requesting something new from the catalog."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.models import User
from portal.web import asking, first_guess, reasking, typed, values_file
from portal.web.access import SignedIn
from portal.web.asking import Asking
from portal.web.first_guess import Guess
from portal.web.sheet import Sheet, pick_plan, pick_version
from services_catalog import selectors
from services_catalog.models import OfferingVersion

WHERE = ("application", "environment", "name")


def ask(request: SignedIn, slug: str) -> HttpResponse:
    form, context = _form(request, slug)
    if request.method == "POST":
        if "ask" in request.POST and (change := form.ask()):
            return redirect("web:changes-one", change.pk)
        if "ask" not in request.POST:
            form.look(request.POST)
        if "download" in request.POST and form.draft:
            return values_file.response(form.draft)
    return render(request, "requests/ask.html", context, status=form.status)


@require_POST
def preview(request: SignedIn, slug: str) -> HttpResponse:
    form, context = _form(request, slug)
    form.look(request.POST)
    return render(request, "requests/_answer.html", context)


def _form(request: SignedIn, slug: str) -> tuple[Asking, dict[str, Any]]:
    versions = _versions(request.user, slug)
    guess = first_guess.for_form(request.user, versions[0].offering)
    form = _posted(request, slug, versions, guess) if request.method == "POST" else None
    form = form or _earlier(request, slug, versions) or _new(request, slug, versions, guess)
    context = {
        "asking": form,
        "sheet": form.sheet,
        "offering": versions[0].offering,
        "versions": versions,
        "guess": guess,
        "environment": guess.environment(form.about["environment"]),
        "namespace": guess.namespace(form.about),
        "name_follows": request.method == "POST" and form.about["name"] != request.POST.get("name"),
    }
    return form, context


def _versions(user: User, slug: str) -> list[OfferingVersion]:
    """What may be requested, newest first. Raises NotFound."""
    newest = selectors.version_for(slug, user=user)
    rows = newest.offering.versions.requestable().select_related("offering").prefetch_related("plans")
    return sorted(rows, key=lambda version: version.precedence, reverse=True)


def _posted(request: SignedIn, slug: str, versions: list[OfferingVersion], guess: Guess) -> Asking:
    data = request.POST
    where = {name: data.get(name, "") for name in WHERE}
    guess.namespaces = guess.namespaces_of(where["application"])
    guess.proposed = data.get("guessed_name", "")
    if where["name"] == guess.proposed and "ask" not in data:
        # nobody has chosen it: it follows the application
        where["name"] = guess.proposed = guess.name(where["application"])
    about = {"kind": "create", "offering": slug, **where}
    sheet = typed.read(data, versions, None)
    return asking.posted(request.user, sheet, about, data)


def _earlier(request: SignedIn, slug: str, versions: list[OfferingVersion]) -> Asking | None:
    earlier = reasking.earlier(request.user, request.GET)
    if earlier is None or earlier.offering.slug != slug:
        return None
    about = {"kind": "create", "offering": slug, **reasking.about(earlier)}
    sheet = reasking.sheet(earlier, versions, None)
    return Asking(request.user, sheet, about, earlier.reason, asking.new_key())


def _new(request: SignedIn, slug: str, versions: list[OfferingVersion], guess: Guess) -> Asking:
    data = request.GET
    about = {"kind": "create", "offering": slug, **guess.about({name: data.get(name, "") for name in WHERE})}
    version = pick_version(versions, data.get("version"))
    sheet = Sheet(version, pick_plan(version, data.get("plan")))
    return Asking(request.user, sheet, about, data.get("reason", ""), asking.new_key())
