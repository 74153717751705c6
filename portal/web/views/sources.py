"""Sources of charts: who may read everything looks, platform engineers add, change and remove them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.accounts.permissions import require
from portal.accounts.roles import Verb
from portal.core.errors import SlipwayError, ValidationFailed
from portal.web import live as live_parts
from portal.web.access import SignedIn
from portal.web.forms.sources import SourceForm
from portal.web.middleware import status_of
from portal.web.sources import listing
from services_catalog.models import ChartSource
from services_catalog.sources import services


def browse(request: SignedIn) -> HttpResponse:
    require(request.user, Verb.AUDIT)
    found = listing.sources()
    fed = any(not each.source.is_tree for each in found)
    context = {"sources": found, "fed": fed, "may_curate": request.user.access.may(Verb.CURATE)}
    return render(request, "sources/browse.html", context)


def create(request: SignedIn) -> HttpResponse:
    require(request.user, Verb.CURATE)
    form = SourceForm(request.POST or None)
    if (source := _saved(request, form)) is not None:
        messages.success(request, f"{source.name} is added, and read in a moment.")
        return redirect("web:sources-one", source.slug)
    return render(request, "sources/new.html", {"form": form}, status=422 if form.errors else 200)


def show(request: SignedIn, slug: str) -> HttpResponse:
    return render(request, "sources/show.html", listing.context(request, _source(request, slug, Verb.AUDIT)))


def live(request: SignedIn, slug: str) -> HttpResponse:
    context = listing.context(request, _source(request, slug, Verb.AUDIT))
    moving = context["standing"].moves
    return live_parts.respond(request, "sources/_live.html", context, etag=context["etag"], final=not moving)


def edit(request: SignedIn, slug: str) -> HttpResponse:
    source = _source(request, slug, Verb.CURATE)
    form = SourceForm(request.POST or None, source=source)
    if _saved(request, form) is not None:
        messages.success(request, "Saved.")
        return redirect("web:sources-one", slug)
    context = {"form": form, "source": source}
    return render(request, "sources/edit.html", context, status=422 if form.errors else 200)


@require_POST
def synchronise(request: SignedIn, slug: str) -> HttpResponse:
    services.ask(_source(request, slug, Verb.CURATE), actor=request.user)
    return redirect("web:sources-one", slug)


@require_POST
def remove(request: SignedIn, slug: str) -> HttpResponse:
    source = _source(request, slug, Verb.CURATE)
    if request.POST.get("confirm", "").strip() != slug:
        raise ValidationFailed.at("/confirm", f"Type {slug} to remove the source.", "confirm")
    services.remove(source, actor=request.user, comment=request.POST.get("comment", ""))
    messages.success(request, f"{source.name} is removed. What was published of it stays.")
    return redirect("web:sources")


def _source(request: SignedIn, slug: str, verb: Verb) -> ChartSource:
    require(request.user, verb)
    return get_object_or_404(ChartSource.objects.present(), slug=slug)


def _saved(request: SignedIn, form: SourceForm) -> ChartSource | None:
    """What was saved; nothing while there is something to correct."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        wishes: dict[str, Any] = form.wishes
        if form.source is None:
            return services.create(actor=request.user, **wishes)
        return services.change(form.source, actor=request.user, **wishes)
    except SlipwayError as error:
        if status_of(error) != 422:
            raise
        form.refuse(error)
        return None
